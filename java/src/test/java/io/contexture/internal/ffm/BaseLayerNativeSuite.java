package io.contexture.internal.ffm;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Backend;
import io.contexture.internal.Engines;
import io.contexture.internal.VarRef;
import io.contexture.internal.ffm.generated.contexture_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.junit.jupiter.api.Test;

/** Java and C see the same process-wide values of long variables. */
class BaseLayerNativeSuite {
  @Test
  void whatOneSideSetsTheOtherSees() {
    NativeEngine engine = (NativeEngine) Engines.engine(Backend.NATIVE);
    Object variable = new Object();
    VarRef ref = new VarRef(variable, engine.reserve(1), "v", true);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment runtime = MemorySegment.ofAddress(engine.runtime());
      MemorySegment var = arena.allocateFrom(JAVA_LONG, ref.id, ref.id);
      MemorySegment out = arena.allocate(JAVA_LONG);
      assertEquals(Cx.OK, contexture_h.cx_thread_new(runtime, out));
      long thread = out.get(JAVA_LONG, 0);
      assertEquals(Cx.ABSENT, contexture_h.cx_var_lookup(thread, var, 0, out));

      ref.setBase(variable, 7);
      assertEquals(Cx.OK, contexture_h.cx_var_lookup_global(runtime, var, out));
      assertEquals(7, out.get(JAVA_LONG, 0));
      assertEquals(Cx.OK, contexture_h.cx_var_lookup(thread, var, 0, out));
      assertEquals(7, out.get(JAVA_LONG, 0));

      assertEquals(Cx.OK, contexture_h.cx_var_set_global(runtime, var, -8));
      assertEquals(-8, ref.lookupBase(0));
      assertTrue(ref.isInBase());
      assertEquals(Cx.OK, contexture_h.cx_var_delete_global(runtime, var));
      assertFalse(ref.isInBase());
      assertEquals(3, ref.lookupBase(3));
      assertFalse(ref.deleteBase());

      ref.setBase(variable, 0);
      assertTrue(ref.deleteBase());
      assertEquals(Cx.ABSENT, contexture_h.cx_var_lookup(thread, var, 0, out));
      assertEquals(Cx.OK, contexture_h.cx_thread_free(thread));
    }
    Reference.reachabilityFence(variable);
  }
}
