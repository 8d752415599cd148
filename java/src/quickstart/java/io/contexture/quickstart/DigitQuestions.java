package io.contexture.quickstart;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.List;

/** What the clients ask {@link DigitServer}, and what must come back. */
final class DigitQuestions implements Clients.Questions {
  private static final List<String> TENANTS = List.of("blue", "green", "red", "black", "white");
  private static final int REFERENCE_PLACES = 120;
  private static final List<String> REFERENCES =
      List.of(reference(Constant.SQRT2), reference(Constant.E), reference(Constant.PI));

  /** Every so many requests one is too late from the start. */
  private static final int LATE_EVERY = 16;

  private static final int PLACES_PER_PIECE = 20;

  private final URI server;
  private final long firstDeadline = System.currentTimeMillis() + Duration.ofHours(1).toMillis();

  DigitQuestions(URI server) {
    this.server = server;
  }

  @Override
  public HttpRequest.Builder request(int id) {
    return HttpRequest.newBuilder(server.resolve("/" + constant(id) + "/" + places(id)))
        .header("X-Request-Id", Integer.toString(id))
        .header("X-Tenant", tenant(id))
        .header("X-Deadline", Long.toString(deadline(id)))
        .header("X-Precision", Integer.toString(precision(id).getPrecision()));
  }

  @Override
  public String expected(int id) {
    BigDecimal seventh = BigDecimal.ONE.divide(BigDecimal.valueOf(7), precision(id));
    StringBuilder text = new StringBuilder();
    text.append("request ").append(id).append(" of ").append(tenant(id));
    text.append(", deadline ").append(deadline(id)).append('\n');
    text.append("1/7 = ").append(seventh).append('\n');
    String digits = REFERENCES.get(constant(id).ordinal());
    int places = places(id);
    for (int from = 0; from < places; from += PLACES_PER_PIECE) {
      int to = Math.min(places, from + PLACES_PER_PIECE);
      BigDecimal percentage =
          BigDecimal.valueOf(100L * to).divide(BigDecimal.valueOf(places), precision(id));
      text.append(id).append(": ");
      text.append(isLate(id) ? "too late" : digits.substring(from == 0 ? 0 : 2 + from, 2 + to));
      text.append(" (").append(percentage).append("%)\n");
      if (isLate(id)) {
        break;
      }
    }
    BigDecimal rounded = constant(id).value(precision(id));
    return text.append(constant(id)).append(" = ").append(rounded).append('\n').toString();
  }

  private static Constant constant(int id) {
    return Constant.values()[id % 3];
  }

  private static String tenant(int id) {
    return TENANTS.get(id % TENANTS.size());
  }

  private static int places(int id) {
    return 10 + id % 91;
  }

  private static MathContext precision(int id) {
    return new MathContext(4 + id % 13);
  }

  private static boolean isLate(int id) {
    return id % LATE_EVERY == LATE_EVERY - 1;
  }

  /** No two requests have the same. */
  private long deadline(int id) {
    return isLate(id) ? id : firstDeadline + id;
  }

  private static String reference(Constant constant) {
    BigDecimal value = constant.value(new MathContext(REFERENCE_PLACES + 10));
    return value.setScale(REFERENCE_PLACES, RoundingMode.DOWN).toPlainString();
  }
}
