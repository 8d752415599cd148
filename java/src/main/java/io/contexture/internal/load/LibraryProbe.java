package io.contexture.internal.load;

import io.contexture.internal.ffm.CxLayout;
import io.contexture.internal.ffm.generated.contexture_h;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Asks a mapped library who it is, before anything depends on the answer: that all functions are
 * there, that it speaks our ABI version, and that it lays its structs out as Java does.
 *
 * <p>It works on any {@link SymbolLookup} and keeps nothing, so that a library can be asked while
 * it may still be given back. {@code Cx} isn't touched: its initialization relies on what is found
 * out here.
 */
@SuppressWarnings("restricted")
final class LibraryProbe {
  private LibraryProbe() {}

  /**
   * The build id of the library that {@code functions} finds.
   *
   * @throws UnusableException if it isn't the library this code was written for; the reason goes on
   *     where the file's name left off
   */
  static String identify(SymbolLookup functions) throws UnusableException {
    for (String name : CxLayout.functions()) {
      if (functions.find(name).isEmpty()) {
        throw new UnusableException("lacks the function " + name);
      }
    }
    try {
      int version = (int) link(functions, "cx_abi_version", contexture_h.C_INT).invokeExact();
      if (version != CxLayout.ABI_VERSION) {
        throw new UnusableException(
            "has ABI version " + version + ", and this code needs " + CxLayout.ABI_VERSION);
      }
      MethodHandle layout = link(functions, "cx_layout", contexture_h.C_LONG, contexture_h.C_INT);
      for (CxLayout.Answer answer : CxLayout.answers()) {
        long actual = (long) layout.invokeExact(answer.field());
        if (actual != answer.expected() || actual != answer.generated()) {
          throw new UnusableException(
              "lays out its data differently: "
                  + answer.name()
                  + " is "
                  + actual
                  + ", and this code expects "
                  + answer.expected());
        }
      }
      MemorySegment buildId =
          (MemorySegment) link(functions, "cx_build_id", contexture_h.C_POINTER).invokeExact();
      return buildId.getString(0);
    } catch (UnusableException | Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static MethodHandle link(
      SymbolLookup functions, String name, MemoryLayout result, ValueLayout... arguments) {
    return Linker.nativeLinker()
        .downcallHandle(functions.findOrThrow(name), FunctionDescriptor.of(result, arguments));
  }
}
