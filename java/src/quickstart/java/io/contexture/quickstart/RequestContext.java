package io.contexture.quickstart;

import io.contexture.ContextVar;
import io.contexture.LongContextVar;
import java.math.MathContext;

/** What travels with a request, without being passed as an argument anywhere. */
final class RequestContext {
  static final ContextVar<String> REQUEST_ID = ContextVar.of("request id");
  static final ContextVar<String> TENANT = ContextVar.of("tenant");

  /** In milliseconds since the epoch; a {@code LongContextVar} never boxes. */
  static final LongContextVar DEADLINE = LongContextVar.of("deadline");

  /** How exact decimal arithmetic is. */
  static final ContextVar<MathContext> PRECISION =
      ContextVar.withDefault("precision", MathContext.DECIMAL32);

  private RequestContext() {}

  static boolean isTooLate() {
    return System.currentTimeMillis() > DEADLINE.get();
  }
}
