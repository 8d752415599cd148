package io.contexture;

/** The whole API on the native backend. */
class ContextNativeSuite extends ContextSuite {
  ContextNativeSuite() {
    super(Backend.NATIVE);
  }
}
