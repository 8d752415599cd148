/*
 * map_bench.cc - what does cx_hamt cost, beside the maps that C++ programs use?
 *
 * Look-ups, hits and misses; a change that leaves the old version as it was; a merge; bytes per
 * entry. Keys are random. std::unordered_map, absl::flat_hash_map and Concurrency Kit's ck_ht (which
 * one thread changes while others read) change in place: they are a reference for look-ups, and the
 * measure by which figures of other machines can be scaled.
 */
#include <memory>
#include <random>
#include <unordered_map>

#include "bench.h"
#include "contexture.h"

#ifdef BENCH_ABSL
#include <absl/container/flat_hash_map.h>
#endif
#ifdef BENCH_CK
extern "C" {
#include <ck_ht.h>
}
#endif
#ifdef BENCH_IMMER
#include <immer/map.hpp>
#endif

namespace {

using bench::keep;

/* Keys of the map in `present`, others in `absent`, both in the order in which they are asked for. */
struct keys {
  std::vector<uint64_t> all;
  std::vector<uint64_t> present;
  std::vector<uint64_t> absent;
  uint64_t mask;

  explicit keys(uint64_t size) {
    std::mt19937_64 random(550);
    for (uint64_t i = 0; i < 2 * size; i++) {
      all.push_back(random());
    }
    uint64_t length = std::max<uint64_t>(size, 1 << 17); /* more than a branch predictor learns */
    mask = length - 1;
    for (uint64_t i = 0; i < length; i++) {
      uint64_t at = random() & (size - 1);
      present.push_back(all[at]);
      absent.push_back(all[size + at]);
    }
  }
};

[[noreturn]] void fail(const char *what, int32_t status) {
  std::fprintf(stderr, "%s: %s\n", what, cx_strerror(status));
  std::exit(1);
}

/* A slab that starts anew when it is full: what was built in it is garbage by then. */
class slab {
public:
  explicit slab(uint64_t bytes) : memory((uint8_t *)cx_memory_alloc(bytes)), bytes(bytes) {
    reset();
  }
  ~slab() {
    cx_memory_free(memory);
  }
  slab(const slab &) = delete;
  slab &operator=(const slab &) = delete;

  cx_space *space() {
    return &rest;
  }
  void reset() {
    rest = {memory, memory + bytes};
  }

private:
  uint8_t *memory;
  uint64_t bytes;
  cx_space rest;
};

/* A cx_hamt of keys.all[from .. from + size), in one piece. */
class ours {
public:
  ours(const keys &keys, uint64_t from, uint64_t size) : own(256 * size + (1 << 16)) {
    slab work(1 << 20);
    const cx_hamt *built = nullptr;
    std::unique_ptr<slab> held;
    for (uint64_t i = from; i < from + size; i++) {
      int32_t status = cx_hamt_assoc(built, keys.all[i], i, work.space(), &built);
      if (status == CX_NEED_SPACE) {
        auto next = std::make_unique<slab>(2 * cx_hamt_bytes(built) + (1 << 16));
        if (cx_hamt_copy(built, next->space(), &built) != CX_OK) {
          fail("copy", status);
        }
        held = std::move(next);
        work.reset();
        i--;
      } else if (status != CX_OK) {
        fail("assoc", status);
      }
    }
    int32_t status = cx_hamt_copy(built, own.space(), &map);
    if (status != CX_OK) {
      fail("copy", status);
    }
  }

  const cx_hamt *map = nullptr;

private:
  slab own;
};

/* As immer's: the mixer is the frozen one of cx_hamt, which is as good as any. */
struct mixer {
  size_t operator()(uint64_t key) const {
    key = (key ^ (key >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ (key >> 27)) * UINT64_C(0x94d049bb133111eb);
    return key ^ (key >> 31);
  }
};

#ifdef BENCH_IMMER
template <int bits> using immer_map = immer::
    map<uint64_t, uint64_t, mixer, std::equal_to<uint64_t>, immer::default_memory_policy, bits>;

template <int bits> immer_map<bits> immer_of(const keys &keys, uint64_t from, uint64_t size) {
  immer_map<bits> map;
  for (uint64_t i = from; i < from + size; i++) {
    map = std::move(map).set(keys.all[i], i);
  }
  return map;
}
#endif

#ifdef BENCH_CK
/* A ck_ht of 64-bit keys, with its own hash. */
class concurrency_kit {
public:
  concurrency_kit(const keys &keys, uint64_t size) {
    if (!ck_ht_init(&table, CK_HT_MODE_DIRECT, nullptr, &memory, 2 * size, 550)) {
      fail("ck_ht_init", CX_NO_MEMORY);
    }
    for (uint64_t i = 0; i < size; i++) {
      ck_ht_hash_t hash;
      ck_ht_entry_t entry;
      ck_ht_hash_direct(&hash, &table, keys.all[i]);
      ck_ht_entry_set_direct(&entry, hash, keys.all[i], i);
      if (!ck_ht_put_spmc(&table, hash, &entry)) {
        fail("ck_ht_put_spmc", CX_NO_MEMORY);
      }
    }
  }
  ~concurrency_kit() {
    ck_ht_destroy(&table);
  }
  concurrency_kit(const concurrency_kit &) = delete;
  concurrency_kit &operator=(const concurrency_kit &) = delete;

  uint64_t get(uint64_t key) {
    ck_ht_hash_t hash;
    ck_ht_entry_t entry;
    ck_ht_hash_direct(&hash, &table, key);
    ck_ht_entry_key_set_direct(&entry, key);
    return ck_ht_get_spmc(&table, hash, &entry) ? ck_ht_entry_value_direct(&entry) : 0;
  }

private:
  static void release(void *block, size_t, bool) {
    std::free(block);
  }

  ck_malloc memory = {std::malloc, nullptr, release};
  ck_ht_t table;
};
#endif

/* `count` calls of step(i). */
template <class Step> std::function<void(uint64_t)> loop(Step step) {
  return [step](uint64_t count) mutable {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < count; i++) {
      sum += step(i);
    }
    keep(sum);
  };
}

/* Calls change(space, out) until the slab is full, then starts it anew. */
template <class Change> std::function<void(uint64_t)> changes(Change change) {
  auto memory = std::make_shared<slab>(1 << 16);
  return loop([change, memory](uint64_t i) {
    const cx_hamt *made = nullptr;
    int32_t status = change(i, memory->space(), &made);
    if (status == CX_NEED_SPACE) {
      memory->reset();
      status = change(i, memory->space(), &made);
    }
    if (status != CX_OK) {
      fail("change", status);
    }
    return (uint64_t)(uintptr_t)made;
  });
}

void measure(bench::report &report, uint64_t size) {
  const keys k(size);
  const ours mine(k, 0, size);
  const cx_hamt *map = mine.map;
  std::unordered_map<uint64_t, uint64_t> chained;
  for (uint64_t i = 0; i < size; i++) {
    chained[k.all[i]] = i;
  }
#ifdef BENCH_ABSL
  absl::flat_hash_map<uint64_t, uint64_t> flat;
  for (uint64_t i = 0; i < size; i++) {
    flat[k.all[i]] = i;
  }
#endif
#ifdef BENCH_CK
  concurrency_kit ck(k, size);
#endif
#ifdef BENCH_IMMER
  const auto immer5 = immer_of<5>(k, 0, size);
  const auto immer6 = immer_of<6>(k, 0, size);
#endif

  for (bool hit : {true, false}) {
    const char *question = hit ? "get hit" : "get miss";
    if (!report.wants(question)) {
      continue;
    }
    const uint64_t *ask = hit ? k.present.data() : k.absent.data();
    const uint64_t mask = k.mask;
    std::vector<bench::subject> subjects;
    subjects.push_back(
        {"cx", loop([=](uint64_t i) { return cx_hamt_find(map, ask[i & mask], 0); }), {}});
#ifdef BENCH_IMMER
    subjects.push_back({"immer5", loop([&, ask, mask](uint64_t i) {
                          const uint64_t *found = immer5.find(ask[i & mask]);
                          return found == nullptr ? 0 : *found;
                        }),
                        {}});
    subjects.push_back({"immer6", loop([&, ask, mask](uint64_t i) {
                          const uint64_t *found = immer6.find(ask[i & mask]);
                          return found == nullptr ? 0 : *found;
                        }),
                        {}});
#endif
    subjects.push_back({"unordered", loop([&, ask, mask](uint64_t i) {
                          auto found = chained.find(ask[i & mask]);
                          return found == chained.end() ? 0 : found->second;
                        }),
                        {}});
#ifdef BENCH_ABSL
    subjects.push_back({"absl", loop([&, ask, mask](uint64_t i) {
                          auto found = flat.find(ask[i & mask]);
                          return found == flat.end() ? 0 : found->second;
                        }),
                        {}});
#endif
#ifdef BENCH_CK
    subjects.push_back(
        {"ck_ht", loop([&, ask, mask](uint64_t i) { return ck.get(ask[i & mask]); }), {}});
#endif
    report.ask(question, size, std::move(subjects));
  }

  for (bool replace : {true, false}) {
    const char *question = replace ? "put replace" : "put new";
    if (!report.wants(question)) {
      continue;
    }
    const uint64_t *ask = replace ? k.present.data() : k.absent.data();
    const uint64_t mask = k.mask;
    std::vector<bench::subject> subjects;
    subjects.push_back({"cx", changes([=](uint64_t i, cx_space *space, const cx_hamt **out) {
                          return cx_hamt_assoc(map, ask[i & mask], ~i, space, out);
                        }),
                        {}});
#ifdef BENCH_IMMER
    subjects.push_back({"immer5", loop([&, ask, mask](uint64_t i) {
                          return immer5.set(ask[i & mask], ~i).size();
                        }),
                        {}});
    subjects.push_back({"immer6", loop([&, ask, mask](uint64_t i) {
                          return immer6.set(ask[i & mask], ~i).size();
                        }),
                        {}});
#endif
    report.ask(question, size, std::move(subjects));
  }

  if (report.wants("remove")) {
    std::vector<bench::subject> subjects;
    subjects.push_back({"cx", changes([&](uint64_t i, cx_space *space, const cx_hamt **out) {
                          return cx_hamt_dissoc(map, k.present[i & k.mask], space, out);
                        }),
                        {}});
#ifdef BENCH_IMMER
    subjects.push_back({"immer5", loop([&](uint64_t i) {
                          return immer5.erase(k.present[i & k.mask]).size();
                        }),
                        {}});
    subjects.push_back({"immer6", loop([&](uint64_t i) {
                          return immer6.erase(k.present[i & k.mask]).size();
                        }),
                        {}});
#endif
    report.ask("remove", size, std::move(subjects));
  }

  if (report.wants("merge") && size == 1024) {
    const ours over(k, size / 2, size);
    auto memory = std::make_shared<slab>(1 << 20);
    std::vector<bench::subject> subjects;
    subjects.push_back({"cx", loop([&, memory](uint64_t) {
                          const cx_hamt *made = nullptr;
                          memory->reset();
                          int32_t status = cx_hamt_merge(map, over.map, memory->space(), &made);
                          if (status != CX_OK) {
                            fail("merge", status);
                          }
                          return cx_hamt_size(made);
                        }),
                        {}});
    report.ask("merge", size, std::move(subjects));
  }

  if (report.wants("bytes")) {
    report.figure("bytes", size, "cx", (double)cx_hamt_bytes(map) / (double)size, "B/entry");
  }
}

} // namespace

int main(int argc, char **argv) {
  bench::report report(bench::options::parse(argc, argv));
  std::printf("ns per operation, medians; in brackets, cx as a multiple of that peer\n");
#ifndef BENCH_IMMER
  std::printf("immer isn't installed: left out\n");
#endif
#ifndef BENCH_ABSL
  std::printf("absl isn't installed: left out\n");
#endif
#ifndef BENCH_CK
  std::printf("Concurrency Kit isn't installed: left out\n");
#endif
  for (uint64_t size : {8, 64, 1 << 10, 1 << 15, 1 << 20}) {
    measure(report, size);
  }
  return report.finish();
}
