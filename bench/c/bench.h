/*
 * bench.h - measures several subjects in turns, so that whatever else the machine does hits all of
 * them, and reports medians and ratios as text and JSON.
 */
#ifndef CX_BENCH_H
#define CX_BENCH_H

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

namespace bench {

/* Keeps the compiler from leaving out what computes `value`. */
template <class T> inline void keep(const T &value) {
  asm volatile("" : : "g"(&value) : "memory");
}

struct options {
  int rounds = 31;
  double millis = 4; /* that each subject runs in each round */
  std::string json;   /* a file, or nothing */
  std::string filter;

  static options parse(int argc, char **argv) {
    options parsed;
    for (int i = 1; i < argc; i++) {
      std::string word = argv[i];
      if (word == "quick") {
        parsed.rounds = 15;
        parsed.millis = 2;
      } else if (word == "full") {
        parsed.rounds = 51;
        parsed.millis = 20;
      } else if (word.rfind("--json=", 0) == 0) {
        parsed.json = word.substr(7);
      } else if (word.rfind("--only=", 0) == 0) {
        parsed.filter = word.substr(7);
      } else {
        std::fprintf(stderr, "usage: %s [quick | full] [--only=QUESTION] [--json=FILE]\n", argv[0]);
        std::exit(2);
      }
    }
    return parsed;
  }
};

/* One bar of a chart: does `count` times `batch` operations when called. */
struct subject {
  std::string name;
  std::function<void(uint64_t count)> run;
  std::vector<double> nanos;
  uint64_t batch = 1;

  double median() const {
    std::vector<double> sorted = nanos;
    std::sort(sorted.begin(), sorted.end());
    return sorted.empty() ? 0 : sorted[sorted.size() / 2];
  }
};

/* The time of this thread on a processor, which leaves out what others take of the machine; or, for
 * several threads, that on the wall. */
enum class clock { thread, wall };

inline double seconds(clock which) {
  timespec now;
  clock_gettime(which == clock::wall ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Measures all subjects of one question, `ours` first, and prints them. */
class report {
public:
  explicit report(const options &chosen, clock time = clock::thread) : chosen(chosen), time(time) {}

  bool wants(const std::string &question) const {
    return chosen.filter.empty() || question.find(chosen.filter) != std::string::npos;
  }

  void ask(const std::string &question, uint64_t size, std::vector<subject> subjects) {
    std::vector<uint64_t> counts;
    for (subject &each : subjects) {
      uint64_t count = 1;
      for (double took = 0; took < chosen.millis / 4e3; count *= 2) {
        double start = seconds(time);
        each.run(count);
        took = seconds(time) - start;
        if (took > 0 && took >= chosen.millis / 4e3) {
          count = std::max<uint64_t>(1, (uint64_t)((double)count * chosen.millis / 1e3 / took));
          break;
        }
      }
      counts.push_back(count);
    }
    for (int round = 0; round < chosen.rounds; round++) {
      for (size_t i = 0; i < subjects.size(); i++) {
        double start = seconds(time);
        subjects[i].run(counts[i]);
        subjects[i].nanos.push_back((seconds(time) - start) * 1e9 /
                                    (double)(counts[i] * subjects[i].batch));
      }
    }
    std::printf("%-12s %8llu ", question.c_str(), (unsigned long long)size);
    for (const subject &each : subjects) {
      std::printf(" | %s %.1f", each.name.c_str(), each.median());
      if (&each != &subjects[0] && each.median() > 0) {
        std::printf(" (%.2fx)", subjects[0].median() / each.median());
      }
      lines.push_back(
          "{\"question\": \"" + question + "\", \"size\": " + std::to_string(size) +
          ", \"subject\": \"" + each.name + "\", \"ns\": " + std::to_string(each.median()) + "}");
    }
    std::printf("\n");
    std::fflush(stdout);
  }

  void figure(
      const std::string &question, uint64_t size, const std::string &name, double value,
      const char *unit) {
    std::printf("%-12s %8llu  | %s %.1f %s\n", question.c_str(), (unsigned long long)size,
                name.c_str(), value, unit);
    lines.push_back(
        "{\"question\": \"" + question + "\", \"size\": " + std::to_string(size) +
        ", \"subject\": \"" + name + "\", \"" + unit + "\": " + std::to_string(value) + "}");
  }

  /* Writes the JSON; the exit status of the program. */
  int finish() const {
    if (chosen.json.empty()) {
      return 0;
    }
    FILE *file = std::fopen(chosen.json.c_str(), "w");
    if (file == nullptr) {
      std::perror(chosen.json.c_str());
      return 1;
    }
    for (size_t i = 0; i < lines.size(); i++) {
      std::fprintf(file, "%s%s", i == 0 ? "[\n" : ",\n", lines[i].c_str());
    }
    std::fprintf(file, "\n]\n");
    return std::fclose(file) == 0 ? 0 : 1;
  }

private:
  options chosen;
  clock time;
  std::vector<std::string> lines;
};

} // namespace bench

#endif
