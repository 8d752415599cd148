package io.contexture.bench.tool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Reading and evaluating what the goals are made of. */
class ExpressionTest {
  private static final Map<String, Figure> KNOWN =
      Map.of("a", Figure.exactly(10), "b", Figure.exactly(4), "c", Figure.exactly(7));

  private static final Function<Expression.Term, Figure> BY_METHOD =
      term -> KNOWN.getOrDefault(term.method(), Figure.NONE);

  private static double value(String text) {
    return Expression.parse(text).evaluate(BY_METHOD, BY_METHOD).value();
  }

  @Test
  void readsAllPartsOfATerm() {
    assertEquals(
        new Expression.Term("X", "a", Map.of("n", "1", "m", "two"), "bytes", "java"),
        Expression.parse("X.a { n=1, m=two } #bytes @java"));
  }

  @Test
  void subtractsAndDivides() {
    assertEquals(2, value("(X.a - X.b) / 3"));
    assertEquals(-1, value("X.a - X.b - X.c"));
  }

  @Test
  void takesTheFastestOfThoseMeasured() {
    assertEquals(4, value("min(X.a; X.missing; X.b; X.c)"));
  }

  @Test
  void takesTheBytesOfTheFastest() {
    Function<Expression.Term, Figure> bytes =
        term -> Figure.exactly(term.method().equals("b") ? 300 : 100);
    assertEquals(300, Expression.parse("min(X.a; X.b)").evaluate(bytes, BY_METHOD).value());
  }

  @Test
  void isUnknownWhereSomethingWasNotMeasured() {
    assertFalse(Expression.parse("X.a - X.missing").evaluate(BY_METHOD, BY_METHOD).isKnown());
    assertFalse(Expression.parse("min(X.missing)").evaluate(BY_METHOD, BY_METHOD).isKnown());
  }

  @Test
  void refusesWhatIsNone() {
    for (String text : new String[] {"", "X", "X.a{n=1", "min(X.a", "X.a - ", "X.a X.b"}) {
      assertThrows(IllegalArgumentException.class, () -> Expression.parse(text), text);
    }
  }
}
