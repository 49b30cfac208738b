/* A block: what was added is read, in any order, and after its bytes were kept and loaded. */
#include "base/crc.h"
#include "emitter/ring/block.h"
#include "tests/unit/history.h"

#include <stdlib.h>

enum { COUNT = 200, HEADER_BYTES = 24 };

struct subject {
    struct series_table *table;
    struct frame_writer writer;
    struct block *block;
};

static void add(struct subject *subject, uint64_t taken)
{
    struct snapshot snapshot = {0};
    char name[32];

    snapshot_clear(&snapshot, HISTORY_START_S + (int64_t)taken);
    for (unsigned i = 0; i < HISTORY_SERIES; i++) {
        history_name(i, name);
        if (history_has(taken, i))
            snapshot_add(&snapshot, series_intern(subject->table, "%s", name),
                         (uint64_t)history_value(taken, i));
    }
    assert_int_equal(block_add(subject->block, &subject->writer, subject->table, &snapshot), 0);
    for (size_t i = 0; i < snapshot.count; i++)
        series_release(subject->table, snapshot.series[i]);
    snapshot_clean(&snapshot);
}

/* Snapshot `first` + n was taken as n. */
static struct subject make(uint64_t first, uint64_t before)
{
    struct subject subject = {.table = series_table_new("n")};

    subject.block = block_new(&subject.writer, first, before);
    for (uint64_t taken = 0; taken < COUNT; taken++)
        add(&subject, taken);
    return subject;
}

static void clean(struct subject *subject)
{
    block_free(subject->block, subject->table);
    frame_writer_clean(&subject->writer);
    assert_int_equal(series_count(subject->table), 0);
    series_table_free(subject->table);
}

static struct bytes copy_of(const struct block *block, size_t len)
{
    struct bytes bytes = {.data = malloc(len > 0 ? len : 1), .len = len, .capacity = len};

    assert_non_null(bytes.data);
    memcpy(bytes.data, block->bytes.data, len);
    return bytes;
}

static void check(const struct subject *subject, struct place *place, uint32_t index)
{
    struct snapshot snapshot = {0};

    assert_int_equal(block_read(subject->block, place, index, &snapshot), 0);
    assert_int_equal(history_check(subject->table, &snapshot), index);
    snapshot_clean(&snapshot);
}

static void check_all(const struct subject *subject, uint32_t count)
{
    struct place place = {0};

    assert_int_equal(subject->block->count, count);
    for (uint32_t index = 0; index < count; index++)
        check(subject, &place, index);
    place_clean(&place);
}

static void test_any_order(void **state)
{
    struct subject subject = make(1000, 0);
    struct place place = {0};

    (void)state;
    assert_int_equal(subject.block->first, 1000);
    assert_int_equal(block_end(subject.block), 1000 + COUNT);
    check_all(&subject, COUNT);
    for (unsigned n = 0; n < 500; n++)
        check(&subject, &place, (uint32_t)history_any(COUNT));
    place_clean(&place);
    clean(&subject);
}

/* Cut anywhere, a block has the snapshots that are whole, and goes on where the cut is clean. */
static void test_loaded(void **state)
{
    struct subject subject = make(5, 5);
    struct block_extent extent;
    struct block *whole = subject.block;
    size_t len = whole->bytes.len;

    (void)state;
    assert_int_equal(block_measure(whole->bytes.data, len, &extent), 0);
    assert_true(extent.first == 5 && extent.before == 5 && extent.count == COUNT);
    assert_true(extent.len == len && !extent.torn);
    for (size_t cut = 0; cut < len; cut += 1 + (size_t)history_any(len / 60)) {
        struct bytes bytes = copy_of(whole, cut);
        bool any = block_measure(bytes.data, cut, &extent) == 0 && extent.count > 0;

        assert_int_equal(any && extent.torn, any && extent.len < cut);
        subject.block = block_load(&subject.writer, &bytes, subject.table);
        assert_null(bytes.data);
        assert_true(any == (subject.block != NULL));
        if (!any)
            continue;
        check_all(&subject, extent.count);
        assert_int_equal(subject.writer.broken, extent.len < cut);
        if (!subject.writer.broken) {
            add(&subject, extent.count);
            check_all(&subject, extent.count + 1);
        }
        block_free(subject.block, subject.table);
    }

    /* It goes on as it would have without a restart, byte for byte. */
    struct bytes all = copy_of(whole, len);
    subject.block = block_load(&subject.writer, &all, subject.table);
    for (uint64_t taken = COUNT; taken < COUNT + 80; taken++)
        add(&subject, taken);
    struct subject other = make(5, 5);
    for (uint64_t taken = COUNT; taken < COUNT + 80; taken++)
        add(&other, taken);
    check_all(&subject, COUNT + 80);
    assert_int_equal(subject.block->bytes.len, other.block->bytes.len);
    assert_memory_equal(subject.block->bytes.data, other.block->bytes.data, other.block->bytes.len);
    block_free(whole, subject.table);
    clean(&subject);
    clean(&other);
}

/* No snapshot can be added to bytes of a header only. */
static void test_header_only(void **state)
{
    struct subject subject = make(1, 0);
    struct bytes bytes = copy_of(subject.block, HEADER_BYTES);

    (void)state;
    assert_null(block_load(&subject.writer, &bytes, subject.table));
    assert_true(subject.writer.broken);
    clean(&subject);
}

static void test_renumber(void **state)
{
    static const uint64_t befores[] = {0, 90};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct subject subject = make(100, befores[i]);
        struct bytes bytes = copy_of(subject.block, subject.block->bytes.len);
        struct block_extent extent;

        block_renumber(&bytes, 1000, false);
        assert_int_equal(block_measure(bytes.data, bytes.len, &extent), 0);
        assert_int_equal(extent.first, 1100);
        assert_int_equal(extent.before, befores[i] ? 1090 : 0);
        assert_int_equal(extent.count, COUNT);
        block_renumber(&bytes, (uint64_t)-1000, false);
        assert_memory_equal(bytes.data, subject.block->bytes.data, bytes.len);

        block_renumber(&bytes, 7, false);
        block_free(subject.block, subject.table);
        subject.block = block_load(&subject.writer, &bytes, subject.table);
        assert_int_equal(subject.block->first, 107);
        check_all(&subject, COUNT);
        clean(&subject);
    }
}

/* Makes the checksums right again, so far as there are frames. */
static void reseal(struct bytes *bytes)
{
    block_renumber(bytes, 0, false);
}

/* Bytes that make no sense, though their checksums do: what comes before is served. */
static void test_hostile(void **state)
{
    struct subject subject = make(1, 0);
    struct block *sound = subject.block;

    (void)state;
    for (unsigned n = 0; n < 4000; n++) {
        struct bytes bytes = copy_of(sound, sound->bytes.len);
        size_t at = HEADER_BYTES + (size_t)history_any(bytes.len - HEADER_BYTES);
        struct place place = {0};
        struct snapshot snapshot = {0};

        for (unsigned i = 0; i < 1 + n % 3 && at + i < bytes.len; i++)
            bytes.data[at + i] = (uint8_t)history_any(256);
        if (n % 4 > 0)
            reseal(&bytes);
        subject.block = block_load(&subject.writer, &bytes, subject.table);
        uint32_t count = subject.block ? subject.block->count : 0;
        for (uint32_t index = 0; index < count; index++) {
            assert_int_equal(block_read(subject.block, &place, index, &snapshot), 0);
            for (size_t i = 0; i < snapshot.count; i++)
                assert_in_range(snapshot.values[i], 0, SNAPSHOT_VALUE_MAX);
            if (place.offset <= at && index < COUNT)
                assert_int_equal(history_check(subject.table, &snapshot), index);
        }
        place_clean(&place);
        snapshot_clean(&snapshot);
        block_free(subject.block, subject.table);
    }
    subject.block = sound;
    clean(&subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_order),   cmocka_unit_test(test_loaded),
        cmocka_unit_test(test_header_only), cmocka_unit_test(test_renumber),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
