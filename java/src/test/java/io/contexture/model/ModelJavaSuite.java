package io.contexture.model;

import io.contexture.Backend;

/** Random programs on the Java backend. */
class ModelJavaSuite extends ModelSuite {
  ModelJavaSuite() {
    super(Backend.JAVA);
  }
}
