package io.contexture.internal.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.contexture.internal.ffm.generated.contexture_h;
import java.lang.reflect.Method;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The constants written out in Java against what was generated from the header. */
class CxLayoutTest {
  @Test
  void constantsAreThoseOfTheHeader() {
    assertEquals(contexture_h.CX_ABI_VERSION(), CxLayout.ABI_VERSION);
    for (CxLayout.Answer answer : CxLayout.answers()) {
      assertEquals(answer.generated(), answer.expected(), answer.name());
    }
  }

  @Test
  void everyLayoutFieldOfTheHeaderIsChecked() {
    assertEquals(
        IntStream.range(0, contexture_h.CX_LAYOUT_COUNT_()).boxed().toList(),
        CxLayout.answers().stream().map(CxLayout.Answer::field).sorted().toList());
  }

  @Test
  void everyFunctionOfTheHeaderIsAskedFor() {
    List<String> generated =
        Stream.of(contexture_h.class.getMethods())
            .map(Method::getName)
            .filter(name -> name.endsWith("$address"))
            .map(name -> name.substring(0, name.length() - "$address".length()))
            .sorted()
            .toList();
    assertEquals(generated, CxLayout.functions());
    assertEquals(CxLayout.functions(), List.copyOf(new TreeSet<>(CxLayout.functions())));
  }
}
