import java.util.EnumSet;
import java.util.Properties;
import javax.servlet.DispatcherType;
import javax.servlet.ServletContextEvent;
import org.apache.solr.servlet.CoreContainerProvider;
import org.apache.solr.servlet.SolrDispatchFilter;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.servlet.DefaultServlet;
import org.eclipse.jetty.servlet.FilterHolder;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** Runs Solr in one process, on the loopback address only and without its admin pages. */
public final class SolrMain {
  private static final int LARGEST_HEADER_BYTES = 65_536; // CKAN asks long questions by GET
  private static final int STOP_MILLISECONDS = 10_000;

  public static void main(String[] args) throws Exception {
    int port = Integer.getInteger("jetty.port", 8983);
    Server server = new Server(new QueuedThreadPool(32, 4));
    server.addConnector(loopback(server, port));
    serveSolr(server, System.getProperty("solr.solr.home"), port);
    server.setStopAtShutdown(true); // SIGTERM commits and closes the cores
    server.setStopTimeout(STOP_MILLISECONDS);
    server.start();
    server.join();
  }

  private static ServerConnector loopback(Server server, int port) {
    HttpConfiguration http = new HttpConfiguration();
    http.setRequestHeaderSize(LARGEST_HEADER_BYTES);
    http.setSendServerVersion(false);
    ServerConnector connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http));
    connector.setHost("127.0.0.1");
    connector.setPort(port);
    return connector;
  }

  private static void serveSolr(Server server, String home, int port) {
    ServletContextHandler root =
        new ServletContextHandler(server, "/solr", ServletContextHandler.NO_SESSIONS);
    root.addEventListener(new Cores(home, port));
    root.addFilter(
        new FilterHolder(SolrDispatchFilter.class), "/*", EnumSet.of(DispatcherType.REQUEST));
    root.addServlet(new ServletHolder(DefaultServlet.class), "/");
  }

  /** Tells Solr where its home is before it starts its cores. */
  private static final class Cores extends CoreContainerProvider {
    private final String home;
    private final int port;

    Cores(String home, int port) {
      this.home = home;
      this.port = port;
    }

    @Override
    public void contextInitialized(ServletContextEvent event) {
      Properties node = new Properties();
      node.setProperty("hostPort", Integer.toString(port));
      event.getServletContext().setAttribute(SolrDispatchFilter.PROPERTIES_ATTRIBUTE, node);
      event.getServletContext().setAttribute(SolrDispatchFilter.SOLRHOME_ATTRIBUTE, home);
      super.contextInitialized(event);
    }
  }
}
