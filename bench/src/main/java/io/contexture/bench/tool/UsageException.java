package io.contexture.bench.tool;

/** Says what is wrong with what the tool was asked for, and what to do instead. */
final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1;

  UsageException(String message) {
    super(message);
  }
}
