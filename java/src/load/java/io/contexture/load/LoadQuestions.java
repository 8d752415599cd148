package io.contexture.load;

import io.contexture.quickstart.Clients;
import java.net.URI;
import java.net.http.HttpRequest;

/** What the clients ask {@link LoadServer}, and what must come back. */
final class LoadQuestions implements Clients.Questions {
  /** Every request belongs to one of so many tenants. */
  private static final int TENANTS = 97;

  private final URI server;

  LoadQuestions(URI server) {
    this.server = server;
  }

  @Override
  public HttpRequest.Builder request(int id) {
    return HttpRequest.newBuilder(server.resolve("/" + places(id)))
        .header("X-Request-Id", Integer.toString(id))
        .header("X-Tenant", tenant(id));
  }

  @Override
  public String expected(int id) {
    String me = id + " of " + tenant(id);
    int places = places(id);
    StringBuilder text = new StringBuilder();
    text.append("future ").append(me).append(", then ").append(me).append('\n');
    text.append("timer ").append(me).append('\n');
    text.append("tick 0 ").append(me).append(", tick 1 ").append(me).append('\n');
    for (int i = 0; i < places; i++) {
      text.append("piece ").append(i).append(" of ").append(me).append(" at ").append(i);
      text.append(", handler ").append(me).append('\n');
    }
    long sum = 0;
    for (int i = 1; i <= places; i++) {
      sum += i;
      text.append("sum ").append(sum).append(" of ").append(me).append('\n');
    }
    long strange = LoadServer.PARALLEL * (long) id;
    text.append("parallel ").append(strange).append(" of ").append(me).append('\n');
    return text.toString();
  }

  static int places(int id) {
    return 1 + id % 7;
  }

  static String tenant(int id) {
    return "tenant-" + id % TENANTS;
  }
}
