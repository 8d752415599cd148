/*
 * dump.c - the canonical text of maps, chains and thread states: docs/dump-format.md.
 */
#include "hamt.h"

/* A text of which only the first `capacity` bytes are kept, while all are counted. Every line
 * starts with `margin` spaces. */
struct text {
  char *buffer;
  uint64_t capacity;
  uint64_t length;
  uint32_t margin;
};

static struct text text_start(char *buffer, uint64_t capacity) {
  return (struct text){buffer, buffer == NULL ? 0 : capacity, 0, 0};
}

static void put_char(struct text *text, char c) {
  if (text->length < text->capacity) {
    text->buffer[text->length] = c;
  }
  text->length++;
}

/* Ends the text with a NUL, in place of its last byte if need be. */
static uint64_t text_finish(struct text *text) {
  if (text->capacity > 0) {
    uint64_t last = text->capacity - 1;
    text->buffer[text->length < last ? text->length : last] = '\0';
  }
  return text->length;
}

static void put_string(struct text *text, const char *string) {
  while (*string != '\0') {
    put_char(text, *string++);
  }
}

static void put_hex(struct text *text, uint64_t number, uint32_t digits) {
  for (uint32_t shift = 4 * digits; shift > 0;) {
    shift -= 4;
    put_char(text, "0123456789abcdef"[(number >> shift) & 15]);
  }
}

static void put_decimal(struct text *text, uint64_t number) {
  char digits[20];
  uint32_t count = 0;
  do {
    digits[count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  while (count > 0) {
    put_char(text, digits[--count]);
  }
}

/* Starts a line: the margin, then indent(depth). */
static void put_indent(struct text *text, uint32_t depth) {
  for (uint32_t i = 0; i < text->margin + 2 * depth; i++) {
    put_char(text, ' ');
  }
}

static void put_entry(struct text *text, uint64_t key, uint64_t value) {
  put_hex(text, key, 16);
  put_char(text, ' ');
  put_hex(text, value, 16);
  put_char(text, '\n');
}

static void put_block_entries(struct text *text, uint32_t depth, const cx_hamt *block) {
  for (uint32_t i = 0; i < block->count; i++) {
    put_indent(text, depth);
    put_entry(text, hamt_block_key(block, i), hamt_block_value(block, i));
  }
}

/* The subtree at `level`, indented by `depth`. */
static void put_subtree(struct text *text, uint32_t level, uint32_t depth, const void *below) {
  put_indent(text, depth);
  if (level == HAMT_LEVELS) {
    const cx_hamt *collision = below;
    put_string(text, "collision ");
    put_decimal(text, collision->count);
    put_char(text, '\n');
    put_block_entries(text, depth + 1, collision);
    return;
  }
  const struct hamt_node *node = below;
  put_string(text, "node data=");
  put_hex(text, node->data, 8);
  put_string(text, " nodes=");
  put_hex(text, node->nodes, 8);
  put_char(text, '\n');
  for (uint32_t rest = node->data | node->nodes; rest != 0; rest &= rest - 1) {
    uint32_t bit = bits_lowest(rest);
    uint32_t slot = bits_lowest_index(rest);
    put_indent(text, depth + 1);
    put_char(text, (char)('0' + slot / 10));
    put_char(text, (char)('0' + slot % 10));
    if (node->data & bit) {
      uint32_t i = bits_rank(node->data, bit);
      put_char(text, ' ');
      put_entry(text, hamt_node_key(node, i), hamt_node_value(node, i));
    } else {
      put_char(text, '\n');
      put_subtree(text, level + 1, depth + 2, hamt_node_child(node, bit));
    }
  }
}

static void put_map(struct text *text, const cx_hamt *map) {
  bool tree = map != NULL && hamt_is_tree(map);
  put_indent(text, 0);
  put_string(text, tree ? "tree " : "flat ");
  put_decimal(text, hamt_count(map));
  put_string(text, hamt_raw(map) != 0 ? " raw\n" : "\n");
  if (tree) {
    put_subtree(text, 0, 1, hamt_root(map));
  } else if (map != NULL) {
    put_block_entries(text, 1, map);
  }
}

/* Nothing for what isn't a map. */
static void put_map_if_valid(struct text *text, const cx_hamt *map, uint32_t margin) {
  if (hamt_valid(map)) {
    text->margin = margin;
    put_map(text, map);
    text->margin = 0;
  }
}

static void put_chain(struct text *text, const cx_link *ec) {
  put_string(text, "ec ");
  put_decimal(text, ec == NULL ? 0 : ec->links);
  put_char(text, '\n');
  for (uint64_t i = 0; ec != NULL; ec = ec->below, i++) {
    put_string(text, "  link ");
    put_decimal(text, i);
    put_char(text, '\n');
    put_map_if_valid(text, ec->map, 4);
  }
}

uint64_t cx_hamt_dump(const cx_hamt *map, char *buffer, uint64_t capacity) {
  struct text text = text_start(buffer, capacity);
  put_map_if_valid(&text, map, 0);
  return text_finish(&text);
}

uint64_t cx_link_dump(const cx_link *ec, char *buffer, uint64_t capacity) {
  struct text text = text_start(buffer, capacity);
  put_chain(&text, ec);
  return text_finish(&text);
}

uint64_t cx_record_dump(const cx_record *thread, char *buffer, uint64_t capacity) {
  struct text text = text_start(buffer, capacity);
  if (thread != NULL) {
    put_string(&text, "top\n");
    put_map_if_valid(&text, thread->top, 2);
    put_chain(&text, thread->below);
  }
  return text_finish(&text);
}
