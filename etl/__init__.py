"""From a department's file to a citizen's download, in six steps."""
