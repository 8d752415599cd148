package io.contexture.hamt;

import io.contexture.Backend;

/** The shared map on the native backend. */
class SharedNativeSuite extends SharedSuite {
  SharedNativeSuite() {
    super(Backend.NATIVE);
  }
}
