package io.contexture.internal.load;

import io.contexture.Backend;
import io.contexture.ContextVar;
import io.contexture.Contexture;
import io.contexture.ExecutionContext;
import io.contexture.internal.Engines;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Says what runs in this process, and uses it a little: what an application with a line of logging
 * would do. Every outcome the library foresees ends with exit code 0.
 */
public final class StatusMain {
  private StatusMain() {}

  /** Takes no arguments. */
  public static void main(String[] args) {
    for (int i = 1; i <= 2; i++) { // a failure must be the same each time
      try {
        print("backend" + i, Contexture.backend());
      } catch (IllegalStateException | IllegalArgumentException e) {
        print("failure" + i, e.getClass().getSimpleName() + ": " + e.getMessage());
      }
    }
    print("status", Contexture.status());
    try {
      ContextVar<String> variable = ContextVar.of("greeting");
      variable.set("hello");
      print("variable", variable.get());
    } catch (IllegalStateException | IllegalArgumentException e) {
      print("variable", e.getClass().getSimpleName() + ": " + e.getMessage());
    }
    print("virtual", onVirtualThread());
    if (args.length > 0) {
      print("available", Backend.NATIVE.isAvailable());
      print("reason", Backend.NATIVE.unavailableReason());
      print("java", Backend.JAVA.isAvailable() + Backend.JAVA.unavailableReason());
      print("map", Engines.emptyHamt(Backend.JAVA).put(1, 2).get(1, 0));
      try {
        print("native map", Engines.emptyHamt(Backend.NATIVE).put(1, 2).get(1, 0));
      } catch (IllegalStateException e) {
        print("native map", e.getMessage());
      }
    }
  }

  /** The first use of a thread that has no state of its own yet. */
  private static String onVirtualThread() {
    FutureTask<String> task =
        new FutureTask<>(() -> ExecutionContext.empty().call(() -> "ran in the empty context"));
    Thread.ofVirtual().start(task);
    try {
      return task.get();
    } catch (ExecutionException e) {
      return e.getCause().getClass().getSimpleName() + ": " + e.getCause().getMessage();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void print(String key, Object value) {
    System.out.println(key + "=" + value);
  }
}
