package io.contexture.model;

import io.contexture.Backend;

/** Random programs on the native backend. */
class ModelNativeSuite extends ModelSuite {
  ModelNativeSuite() {
    super(Backend.NATIVE);
  }
}
