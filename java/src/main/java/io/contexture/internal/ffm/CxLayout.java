package io.contexture.internal.ffm;

import io.contexture.internal.ffm.generated.contexture_h;
import io.contexture.internal.ffm.generated.cx_cache_entry;
import io.contexture.internal.ffm.generated.cx_hamt_cursor;
import io.contexture.internal.ffm.generated.cx_link;
import io.contexture.internal.ffm.generated.cx_record;
import io.contexture.internal.ffm.generated.cx_space;
import io.contexture.internal.ffm.generated.cx_var;
import java.util.List;

/**
 * What the Java side takes for granted about {@code libcontexture}: its ABI version, the functions
 * it exports, and the sizes and offsets of what both sides touch.
 *
 * <p>The numbers are written out, so that they are compile-time constants where they are used, and
 * checked twice: against the layouts generated from the header, and against what the library
 * answers ({@code cx_layout}) before it is used. Using a constant initializes nothing; {@link
 * #answers} initializes the generated classes, which takes native access. Any thread.
 */
public final class CxLayout {
  /** {@code CX_ABI_VERSION} of the header that this class was written for. */
  public static final int ABI_VERSION = 2;

  /*
   * cx_space
   *    0  next   address of the first free byte
   *    8  end    address behind the last
   */

  /** Bytes of a {@code cx_space}. */
  public static final long SPACE_SIZE = 16;

  /** Offset of {@code cx_space.next}. */
  public static final long SPACE_NEXT = 0;

  /** Offset of {@code cx_space.end}. */
  public static final long SPACE_END = 8;

  /*
   * cx_var
   *    0  id
   *    8  version
   */

  /** Bytes of a {@code cx_var}. */
  public static final long VAR_SIZE = 16;

  /** Offset of {@code cx_var.id}. */
  public static final long VAR_ID = 0;

  /** Offset of {@code cx_var.version}. */
  public static final long VAR_VERSION = 8;

  /*
   * cx_record
   *    0  unique_id
   *    8  stack_version
   *   16  top
   *   24  below
   *   32  cache
   *   40  cache_mask
   *   48  next_version   touched by C only
   *   56  version_end    touched by C only
   */

  /**
   * Bytes that caches pass to each other at once, at most; a record begins at a multiple. As {@code
   * SYSTEM_LINE} of {@code native/src/system.h}.
   */
  static final long LINE =
      System.getProperty("os.arch", "").equals("aarch64")
              || System.getProperty("os.name", "").startsWith("Mac")
          ? 128
          : 64;

  /** Bytes of a {@code cx_record}: one cache line, or half of a long one. */
  public static final long THREAD_SIZE = 64;

  /** Offset of {@code cx_record.unique_id}. */
  public static final long THREAD_UNIQUE_ID = 0;

  /** Offset of {@code cx_record.stack_version}. */
  public static final long THREAD_STACK_VERSION = 8;

  /** Offset of {@code cx_record.top}. */
  public static final long THREAD_TOP = 16;

  /** Offset of {@code cx_record.below}. */
  public static final long THREAD_BELOW = 24;

  /** Offset of {@code cx_record.cache}. */
  public static final long THREAD_CACHE = 32;

  /** Offset of {@code cx_record.cache_mask}. */
  public static final long THREAD_CACHE_MASK = 40;

  /*
   * cx_cache_entry
   *    0  var_version
   *    8  stack_version
   *   16  word
   *   24  hops
   */

  /** Bytes of a {@code cx_cache_entry}. */
  public static final long CACHE_ENTRY_SIZE = 32;

  /** Offset of {@code cx_cache_entry.var_version}. */
  public static final long CACHE_ENTRY_VAR_VERSION = 0;

  /** Offset of {@code cx_cache_entry.stack_version}. */
  public static final long CACHE_ENTRY_STACK_VERSION = 8;

  /** Offset of {@code cx_cache_entry.word}. */
  public static final long CACHE_ENTRY_WORD = 16;

  /** Offset of {@code cx_cache_entry.hops}. */
  public static final long CACHE_ENTRY_HOPS = 24;

  /*
   * cx_link
   *    0  map
   *    8  below
   *   16  links
   */

  /** Bytes of a {@code cx_link}. */
  public static final long EC_SIZE = 24;

  /** Offset of {@code cx_link.map}. */
  public static final long EC_MAP = 0;

  /** Offset of {@code cx_link.below}. */
  public static final long EC_BELOW = 8;

  /** Offset of {@code cx_link.links}. */
  public static final long EC_LINKS = 16;

  /** Bytes of a {@code cx_hamt_cursor}, whose contents are private to C. */
  public static final long HAMT_CURSOR_SIZE = 200;

  /** Entries up to which a map is one flat block. */
  public static final long FLAT_LIMIT = 32;

  /** Links after which a chain is folded into one. */
  public static final long EC_MAX_LINKS = 32;

  private CxLayout() {}

  /**
   * One number that three parties have to agree on.
   *
   * @param field what {@code cx_layout} is asked
   * @param name what the number is, for messages
   * @param expected the constant above
   * @param generated the same as jextract derived it from the header
   */
  public record Answer(int field, String name, long expected, long generated) {}

  /** What {@code cx_layout} has to answer: one element for every field of the header. */
  public static List<Answer> answers() {
    return List.of(
        new Answer(
            contexture_h.CX_LAYOUT_SPACE_SIZE(), "size of cx_space", SPACE_SIZE, cx_space.sizeof()),
        new Answer(
            contexture_h.CX_LAYOUT_SPACE_NEXT(),
            "offset of cx_space.next",
            SPACE_NEXT,
            cx_space.next$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_SPACE_END(),
            "offset of cx_space.end",
            SPACE_END,
            cx_space.end$offset()),
        new Answer(contexture_h.CX_LAYOUT_VAR_SIZE(), "size of cx_var", VAR_SIZE, cx_var.sizeof()),
        new Answer(
            contexture_h.CX_LAYOUT_VAR_ID(), "offset of cx_var.id", VAR_ID, cx_var.id$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_VAR_VERSION(),
            "offset of cx_var.version",
            VAR_VERSION,
            cx_var.version$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_RECORD_SIZE(),
            "size of cx_record",
            THREAD_SIZE,
            cx_record.sizeof()),
        new Answer(
            contexture_h.CX_LAYOUT_RECORD_UNIQUE_ID(),
            "offset of cx_record.unique_id",
            THREAD_UNIQUE_ID,
            cx_record.unique_id$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_RECORD_STACK_VERSION(),
            "offset of cx_record.stack_version",
            THREAD_STACK_VERSION,
            cx_record.stack_version$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_RECORD_TOP(),
            "offset of cx_record.top",
            THREAD_TOP,
            cx_record.top$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_RECORD_BELOW(),
            "offset of cx_record.below",
            THREAD_BELOW,
            cx_record.below$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_RECORD_CACHE(),
            "offset of cx_record.cache",
            THREAD_CACHE,
            cx_record.cache$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_RECORD_CACHE_MASK(),
            "offset of cx_record.cache_mask",
            THREAD_CACHE_MASK,
            cx_record.cache_mask$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_CACHE_ENTRY_SIZE(),
            "size of cx_cache_entry",
            CACHE_ENTRY_SIZE,
            cx_cache_entry.sizeof()),
        new Answer(
            contexture_h.CX_LAYOUT_CACHE_ENTRY_VAR_VERSION(),
            "offset of cx_cache_entry.var_version",
            CACHE_ENTRY_VAR_VERSION,
            cx_cache_entry.var_version$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_CACHE_ENTRY_STACK_VERSION(),
            "offset of cx_cache_entry.stack_version",
            CACHE_ENTRY_STACK_VERSION,
            cx_cache_entry.stack_version$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_CACHE_ENTRY_WORD(),
            "offset of cx_cache_entry.word",
            CACHE_ENTRY_WORD,
            cx_cache_entry.word$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_CACHE_ENTRY_HOPS(),
            "offset of cx_cache_entry.hops",
            CACHE_ENTRY_HOPS,
            cx_cache_entry.hops$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_LINK_SIZE(), "size of cx_link", EC_SIZE, cx_link.sizeof()),
        new Answer(
            contexture_h.CX_LAYOUT_LINK_MAP(),
            "offset of cx_link.map",
            EC_MAP,
            cx_link.map$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_LINK_BELOW(),
            "offset of cx_link.below",
            EC_BELOW,
            cx_link.below$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_LINK_LINKS(),
            "offset of cx_link.links",
            EC_LINKS,
            cx_link.links$offset()),
        new Answer(
            contexture_h.CX_LAYOUT_HAMT_CURSOR_SIZE(),
            "size of cx_hamt_cursor",
            HAMT_CURSOR_SIZE,
            cx_hamt_cursor.sizeof()),
        new Answer(
            contexture_h.CX_LAYOUT_FLAT_LIMIT(),
            "CX_FLAT_LIMIT",
            FLAT_LIMIT,
            contexture_h.CX_FLAT_LIMIT()),
        new Answer(
            contexture_h.CX_LAYOUT_EC_MAX_LINKS(),
            "CX_EC_MAX_LINKS",
            EC_MAX_LINKS,
            contexture_h.CX_EC_MAX_LINKS()));
  }

  /** Every function of the header, sorted. A library that lacks one is of another version. */
  public static List<String> functions() {
    return List.of(
        "cx_abi_version",
        "cx_build_id",
        "cx_cell_new",
        "cx_ec_dump",
        "cx_ec_free",
        "cx_ec_get",
        "cx_ec_lookup",
        "cx_ec_new",
        "cx_ec_restore",
        "cx_ec_set",
        "cx_ec_set_with_lc",
        "cx_ec_squash",
        "cx_ec_vars",
        "cx_hamt_assoc",
        "cx_hamt_assoc_bound",
        "cx_hamt_bytes",
        "cx_hamt_copy",
        "cx_hamt_dissoc",
        "cx_hamt_dump",
        "cx_hamt_find",
        "cx_hamt_get",
        "cx_hamt_iterate",
        "cx_hamt_merge",
        "cx_hamt_merge_bound",
        "cx_hamt_replace_unshared",
        "cx_hamt_size",
        "cx_layout",
        "cx_lc_free",
        "cx_lc_new",
        "cx_lc_pop",
        "cx_lc_push",
        "cx_link_dump",
        "cx_link_find",
        "cx_link_new",
        "cx_link_squash",
        "cx_memory_alloc",
        "cx_memory_free",
        "cx_mix",
        "cx_record_capture",
        "cx_record_delete",
        "cx_record_dump",
        "cx_record_enter",
        "cx_record_find",
        "cx_record_free",
        "cx_record_lookup",
        "cx_record_lookup_topmost",
        "cx_record_new",
        "cx_record_next_version",
        "cx_record_push",
        "cx_record_restore",
        "cx_record_set",
        "cx_record_set_cache",
        "cx_runtime_free",
        "cx_runtime_globals",
        "cx_runtime_new",
        "cx_runtime_reserve",
        "cx_shared_bytes",
        "cx_shared_clear",
        "cx_shared_compare_and_set",
        "cx_shared_find",
        "cx_shared_free",
        "cx_shared_get",
        "cx_shared_merge",
        "cx_shared_new",
        "cx_shared_put",
        "cx_shared_put_if_absent",
        "cx_shared_reader_free",
        "cx_shared_reader_new",
        "cx_shared_remove",
        "cx_shared_retired",
        "cx_shared_size",
        "cx_shared_snapshot_find",
        "cx_shared_snapshot_free",
        "cx_shared_snapshot_get",
        "cx_shared_snapshot_hamt_bytes",
        "cx_shared_snapshot_iterate",
        "cx_shared_snapshot_new",
        "cx_shared_snapshot_next",
        "cx_shared_snapshot_series",
        "cx_shared_snapshot_size",
        "cx_shared_snapshot_to_hamt",
        "cx_shared_trim",
        "cx_strerror",
        "cx_test_hamt_raw",
        "cx_thread_adopt",
        "cx_thread_disown",
        "cx_thread_dump",
        "cx_thread_free",
        "cx_thread_lend",
        "cx_thread_new",
        "cx_thread_set_cache",
        "cx_var_delete",
        "cx_var_delete_global",
        "cx_var_lookup",
        "cx_var_lookup_global",
        "cx_var_new",
        "cx_var_set",
        "cx_var_set_global",
        "cx_var_touch",
        "cx_version");
  }
}
