package io.contexture.internal.load;

/** Carries the reason why a candidate, or any, can't be used; never leaves the package. */
class UnusableException extends Exception {
  private static final long serialVersionUID = 1;

  /** {@code reason} is a clause that names the file or the thing concerned, without a full stop. */
  UnusableException(String reason) {
    super(reason, null, false, false);
  }

  /** The reason; never null. */
  final String reason() {
    return String.valueOf(getMessage());
  }

  /** The system refuses to map the file; {@code reason} is what it says. */
  static final class Unmappable extends UnusableException {
    private static final long serialVersionUID = 1;

    Unmappable(String reason) {
      super(reason);
    }
  }

  /** The temporary directory is of no use: can't be written to, or can't be mapped from. */
  static final class NoCopy extends UnusableException {
    private static final long serialVersionUID = 1;

    NoCopy(String reason) {
      super(reason);
    }
  }

  /** Found out too late: the library belongs to the class loader now, and no other can follow. */
  static final class TooLate extends UnusableException {
    private static final long serialVersionUID = 1;

    TooLate(String reason) {
      super(reason);
    }
  }
}
