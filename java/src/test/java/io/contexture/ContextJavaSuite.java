package io.contexture;

/** The whole API on the Java backend. */
class ContextJavaSuite extends ContextSuite {
  ContextJavaSuite() {
    super(Backend.JAVA);
  }
}
