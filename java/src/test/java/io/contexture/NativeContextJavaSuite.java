package io.contexture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** On the Java backend no context can be lent to C, and the error says so. */
class NativeContextJavaSuite {
  private static final LongContextVar VAR = LongContextVar.of("var");

  @Test
  void lendingIsRefusedAndNothingIsChanged() {
    VAR.set(5);
    IllegalStateException refused =
        assertThrows(IllegalStateException.class, () -> NativeContext.lend(NativeContext::thread));
    assertTrue(refused.getMessage().contains("-Dcontexture.backend=native"), refused::getMessage);
    assertEquals(5, VAR.get());
    VAR.delete();
  }
}
