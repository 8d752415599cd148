package io.contexture.bench.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Medians, errors, and how errors go into what is calculated. */
class FigureTest {
  private static final double EXACT = 1e-9;

  @Test
  void isTheMedianOfTheForksMedians() {
    Figure figure = Figure.of(List.of(List.of(9.0, 1.0, 2.0), List.of(3.0), List.of(100.0, 4.0)));
    assertEquals(3, figure.value(), EXACT); // of 2, 3 and 52
  }

  @Test
  void errorIsStudentsOfTheForks() {
    // Mean 2, standard deviation 1; t = 4.303 with 2 degrees of freedom.
    Figure figure = Figure.of(List.of(List.of(1.0), List.of(2.0), List.of(3.0)));
    assertEquals(4.303 / Math.sqrt(3), figure.error(), 1e-6);
  }

  @Test
  void errorOfOneForkIsThatOfItsIterations() {
    assertEquals(
        Figure.of(List.of(List.of(1.0), List.of(2.0), List.of(3.0))),
        Figure.of(List.of(List.of(1.0, 2.0, 3.0))));
  }

  @Test
  void errorOfOneNumberIsUnknown() {
    assertTrue(Double.isNaN(Figure.of(List.of(List.of(1.0))).error()));
  }

  @Test
  void relativeErrorsOfARatioAddUpInSquares() {
    Figure ratio = new Figure(20, 20 * 0.03).over(new Figure(10, 10 * 0.04));
    assertEquals(2, ratio.value(), EXACT);
    assertEquals(2 * 0.05, ratio.error(), EXACT);
  }

  @Test
  void ratioOfNothingKeepsItsError() {
    assertEquals(0.1, new Figure(0, 1).over(Figure.exactly(10)).error(), EXACT);
  }

  @Test
  void errorsOfADifferenceAddUpInSquares() {
    assertEquals(new Figure(3, 5), new Figure(10, 3).minus(new Figure(7, 4)));
  }

  @Test
  void isSureOnlyOutsideTheError() {
    Figure figure = new Figure(0.8, 0.1);
    assertTrue(figure.isSurelyAtMost(0.91));
    assertFalse(figure.isSurelyAtMost(0.85));
    assertFalse(figure.isSurelyMoreThan(0.75));
    assertTrue(figure.isSurelyMoreThan(0.69));
  }
}
