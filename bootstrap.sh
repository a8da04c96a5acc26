#!/bin/sh
# Makes this checkout ready for a target of the Makefile, then does it.
# May be repeated and interrupted: what is there already is not done again.
set -eu
cd "$(dirname "$0")"
unset PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV || true
UV_VERSION=0.13.9
# Where the way out is inspected, only the system knows whom to trust.
TRUSTED=/etc/ssl/certs/ca-certificates.crt
[ ! -e $TRUSTED ] || export UV_SYSTEM_CERTS=1 PIP_CERT=$TRUSTED
LOGS=.tools/logs

say() { printf '  %s\n' "$*" >&2; }
fail() { code=$1; shift; printf '\n%s\n' "$*" >&2; exit "$code"; }

# attempt NAME COMMAND...: runs quietly; a failure shows the end of its log. The shell does not stop
# at a failure inside a command that is asked whether it failed, so those below are joined by &&.
attempt() {
  name=$1; shift; begun=$(date +%s)
  if "$@" >"$LOGS/$name.log" 2>&1; then say "$name: ready ($(($(date +%s) - begun)) s)"; return; fi
  tail -n 15 "$LOGS/$name.log" >&2
  fail 40 "$name could not be set up; nothing else was changed. The whole story: $LOGS/$name.log. Try again when its cause is gone: what is ready is kept."
}

# stamp FOLDER FILE...: names the file that says FOLDER was made from exactly these files.
stamp() { folder=$1; shift; echo "$folder/.made-from-$(cat "$@" | sha256sum | cut -c1-16)"; }

# --- system packages -----------------------------------------------------------------------------

lacks_command() { command -v "$1" >/dev/null 2>&1 || printf '%s ' "$2"; }
lacks_package() {
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || printf '%s ' "$package"
  done
}
find_python() {
  for python in /usr/bin/python3 /usr/bin/python3.11 /usr/bin/python3.12 /usr/bin/python3.13 python3; do
    "$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null || continue
    echo "$python"; return
  done
}
lacking() {
  [ -n "$(find_python)" ] || printf 'python3-venv '
  case $1 in check) return ;; esac
  lacks_package gcc libc6-dev libpq-dev python3-dev libmagic1
  case $1 in install) return ;; esac
  ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || printf 'postgresql '
  lacks_command redis-server redis-server
  lacks_command java default-jre-headless
  lacks_command mvn maven
  case $1 in test) lacks_command chromium chromium; lacks_package fonts-nanum ;; esac
}

# Debian starts a service it installs, and makes a PostgreSQL cluster; ours are our own, so neither happens here.
install_packages() (
  policy=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.d/madang.conf ours=$cluster
  trap 'rm -f $ours' EXIT
  export DEBIAN_FRONTEND=noninteractive
  mkdir -p "${cluster%/*}" && echo 'create_main_cluster = false' >$cluster &&
    { [ -e $policy ] || { ours="$ours $policy" && printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy; }; } &&
    apt-get -q -o DPkg::Lock::Timeout=300 update &&
    apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
)

# require_installer PACKAGE...: only root can install; anybody else gets the exact line.
require_installer() {
  [ $# = 0 ] || [ "$(id -u)" = 0 ] || fail 69 "System packages are missing; nothing was changed. Install them, then run the same command again:

  sudo apt-get install -y --no-install-recommends $*"
  [ $# = 0 ] || command -v apt-get >/dev/null || fail 69 "These system packages are needed, and apt-get is not here to install them: $*"
}

system_packages() {
  [ $# -gt 0 ] || return 0
  say "system packages: installing $*"
  attempt system-packages install_packages "$@"
}

# --- environments --------------------------------------------------------------------------------

make_tools() {
  rm -rf .tools/bin .tools/lib && "$(find_python)" -m venv .tools && .tools/bin/pip install -q "uv==$UV_VERSION"
}
# make_environment FOLDER LOCK PYPROJECT: exactly the locked packages, compiled once, and the project itself.
make_environment() {
  rm -f "$1"/.made-from-* &&
    .tools/bin/uv venv -q --allow-existing --python "$(find_python)" "$1" &&
    .tools/bin/uv pip sync --python "$1" --require-hashes --compile-bytecode "$2" &&
    .tools/bin/uv pip install --python "$1" --no-deps --no-build-isolation -e "$(dirname "$3")" &&
    : >"$(stamp "$@")"
}
environment() {
  name=$1; shift
  [ -e "$(stamp "$@")" ] || attempt "$name" make_environment "$@"
}
tools() { [ "$(.tools/bin/uv --version 2>/dev/null | cut -d' ' -f2)" = $UV_VERSION ] || attempt tools make_tools; }
pipeline() { environment pipeline-environment .venv requirements.lock pyproject.toml; }
catalogue() { environment catalogue-environment .venv-catalogue catalog/requirements.lock catalog/pyproject.toml; }

# --- Solr: the jars of one pom, checked against our own lock, and one small launcher ---------------

make_solr() (
  # A JRE has the compiler's module, so no JDK is needed.
  cd catalog/solr && rm -rf lib classes && mvn -B -ntp -q -C "-Duser.home=$HOME" package &&
    (cd lib && sha256sum --quiet --strict -c ../jars.sha256 && [ "$(ls | wc -l)" = "$(wc -l <../jars.sha256)" ]) &&
    java -m jdk.compiler/com.sun.tools.javac.Main -cp "$(echo lib/*.jar | tr ' ' ':')" -d classes SolrMain.java &&
    : >"$(stamp classes pom.xml jars.sha256 SolrMain.java)"
)
solr() (
  cd catalog/solr; made=$(stamp classes pom.xml jars.sha256 SolrMain.java); cd ../..
  [ -e "catalog/solr/$made" ] || attempt search-server make_solr
)

# --- verbs -----------------------------------------------------------------------------------------

# One bootstrap at a time in this checkout; released before anything lasting is started.
lock() { mkdir -p $LOGS; exec 9>.tools/lock; flock -n 9 || { say "another bootstrap is at work here; waiting for it"; flock 9; }; }

prepare() {
  lock
  # shellcheck disable=SC2046
  require_installer $(lacking "$1")
  [ -n "$(find_python)" ] || system_packages python3-venv
  # shellcheck disable=SC2046
  system_packages $(lacking "$1") & packages=$!
  tools; pipeline
  wait $packages || exit $?
  if [ "$1" != check ]; then
    catalogue & environment=$!
    [ "$1" = install ] || solr
    wait $environment || exit $?
  fi
  exec 9>&-
}

verb=${1:-demo}; [ $# = 0 ] || shift
case $verb in
  install) prepare install; say "ready: .venv/bin/madang" ;;
  demo | up) prepare stack; exec .venv/bin/python -m stack "$verb" "$@" ;;
  down | status | logs)
    [ -x .venv/bin/python ] || fail 2 "Nothing is set up here yet. Start with: make up"
    exec .venv/bin/python -m stack "$verb" "$@" ;;
  check) prepare check; exec sh stack/check.sh ;;
  test) prepare test; sh stack/check.sh; exec .venv/bin/python -m stack run sh stack/test.sh ;;
  bench) prepare check; exec .venv/bin/python -m benchmarks "$@" ;;
  *) fail 2 "Unknown verb '$verb'. One of: demo test install check bench up down status logs" ;;
esac
