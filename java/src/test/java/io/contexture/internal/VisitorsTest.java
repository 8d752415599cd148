package io.contexture.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.contexture.Await;
import io.contexture.ExecutionContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import org.junit.jupiter.api.Test;

/** What the table of visitors takes up. */
class VisitorsTest {
  /** Those of some dozen collected threads may stay, spread over all stripes. */
  private static final int FEW_SLOTS = 1024;

  @Test
  void afterManyThreadsTheTableIsSmallAgain() throws Exception {
    for (int burst = 0; burst < 3; burst++) {
      int threads = 5_000;
      CountDownLatch ran = new CountDownLatch(threads);
      CountDownLatch end = new CountDownLatch(1);
      ThreadFactory factory = Thread.ofVirtual().factory();
      List<Thread> started = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        Thread thread =
            factory.newThread(
                () -> {
                  ExecutionContext.empty().run(ran::countDown); // it may run in others yet
                  Await.latch(end);
                });
        started.add(thread);
        thread.start();
      }
      Await.latch(ran);
      assertTrue(Visitors.slots() >= threads, Visitors.slots() + " slots");
      end.countDown();
      for (Thread thread : started) {
        thread.join();
      }
      started.clear();
      Await.untilCollecting("the table is large", () -> Visitors.slots() <= FEW_SLOTS);
    }
  }
}
