package io.contexture.internal.ffm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.ContextVar;
import io.contexture.ExecutionContext;
import io.contexture.LogicalContext;
import io.contexture.LongContextVar;
import io.contexture.NativeContext;
import io.contexture.StackEnd;
import io.contexture.internal.ThreadStates;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A record that is lent to C shows only what is kept alive for it, also where the stack ends in the
 * middle of a change that an up-call makes.
 */
class LentRecordNativeSuite {
  private static final LongContextVar NUMBER = LongContextVar.of("number");
  private static final ContextVar<String> TEXT = ContextVar.of("text");

  @BeforeAll
  static void load() {
    FfmHooks.load();
  }

  /** What an up-call does. */
  enum Change {
    SET {
      @Override
      void make() {
        NUMBER.set(NUMBER.get() + 1);
      }
    },
    SET_CAPTURED {
      @Override
      void make() {
        ExecutionContext.capture();
        NUMBER.set(NUMBER.get() + 1);
        TEXT.set("more");
      }
    },
    DELETE {
      @Override
      void make() {
        TEXT.set("once");
        TEXT.delete();
      }
    },
    ENTER {
      @Override
      void make() {
        LogicalContext lc = new LogicalContext();
        lc.run(() -> NUMBER.set(17));
        lc.run(NUMBER::get);
      }
    },
    REPLACE {
      @Override
      void make() {
        ExecutionContext.empty().run(() -> NUMBER.set(17));
      }
    };

    abstract void make();
  }

  @ParameterizedTest
  @EnumSource
  void showsWhatIsKeptWhereverTheStackEnds(Change change) throws Exception {
    StackEnd.sweep(
        at -> {
          NUMBER.set(1);
          return NativeContext.lend(
              context -> {
                NativeThreadState state = (NativeThreadState) ThreadStates.current();
                assertTrue(state.showsWhatItKeeps());
                boolean done = at.run(change::make);
                assertTrue(state.showsWhatItKeeps(), "after an end of the stack: " + !done);
                assertEquals(context.thread(), context.thread());
                assertTrue(state.showsWhatItKeeps(), "once it is up to date");
                assertFalse(state.isRecordStale());
                return done;
              });
        });
  }
}
