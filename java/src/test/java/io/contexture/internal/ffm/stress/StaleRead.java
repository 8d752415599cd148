package io.contexture.internal.ffm.stress;

/** What a control has to end with: it was caught reading freed memory. */
final class StaleRead extends AssertionError {
  private static final long serialVersionUID = 1;

  StaleRead(String message) {
    super(message);
  }
}
