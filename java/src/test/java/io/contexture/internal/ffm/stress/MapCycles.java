package io.contexture.internal.ffm.stress;

import io.contexture.internal.ffm.NativeHamt;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Values that hold the maps that hold them: groups of objects, each with a native map from keys to
 * the places of other objects of the group, itself included. A group that was dropped has to be
 * collected as a whole, values, maps and memory.
 */
final class MapCycles implements Workload {
  private static final int GROUPS = 16;
  private static final int MEMBERS = 6;
  private static final long OWN_NUMBER = -1;

  private final ReferenceQueue<Object> dead = new ReferenceQueue<>();
  private final Set<Reference<?>> phantoms = ConcurrentHashMap.newKeySet();

  /** An object with a map whose values are places in the array of the group's members. */
  private static final class Member {
    final long number;
    final Member[] group;
    NativeHamt map = NativeHamt.EMPTY;

    Member(long number, Member[] group) {
      this.number = number;
      this.group = group;
    }

    /** The member under {@code key}, by way of native memory. */
    Member follow(long key) {
      int place = (int) map.find(key, -1);
      if (place < 0 || group[place].map.find(OWN_NUMBER, ~group[place].number) != place) {
        throw new AssertionError("key " + key + " of member " + number + " leads to " + place);
      }
      return group[place];
    }
  }

  @Override
  public String name() {
    return "cycles";
  }

  @Override
  public Worker newWorker(SplittableRandom random) {
    Member[] groups = new Member[GROUPS];
    return () -> step(random, groups);
  }

  @Override
  public long uncollected() {
    for (Reference<?> ref; (ref = dead.poll()) != null; ) {
      phantoms.remove(ref);
    }
    return phantoms.size();
  }

  private int step(SplittableRandom random, Member[] groups) {
    uncollected();
    groups[random.nextInt(GROUPS)] = newGroup(random);
    final int ops = 64;
    Member member = null;
    for (int i = 0; i < ops; i++) {
      if (member == null || i % 16 == 0) {
        member = groups[random.nextInt(GROUPS)];
      }
      if (member != null) {
        member = member.follow(random.nextInt(MEMBERS * 8));
      }
    }
    return ops;
  }

  private Member newGroup(SplittableRandom random) {
    Member[] group = new Member[MEMBERS];
    for (int i = 0; i < MEMBERS; i++) {
      Member member = new Member(i, group);
      for (int key = 0; key < MEMBERS * 8; key++) {
        member.map = member.map.put(key, random.nextInt(MEMBERS));
      }
      member.map = member.map.put(OWN_NUMBER, i);
      group[i] = member;
      phantoms.add(new PhantomReference<>(member, dead));
    }
    return group[random.nextInt(MEMBERS)];
  }
}
