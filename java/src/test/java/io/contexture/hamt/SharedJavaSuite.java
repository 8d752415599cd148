package io.contexture.hamt;

import io.contexture.Backend;

/** The shared map on the Java backend. */
class SharedJavaSuite extends SharedSuite {
  SharedJavaSuite() {
    super(Backend.JAVA);
  }
}
