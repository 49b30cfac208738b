/* The mount table: which mounts are seen, and what kind they are. */
#include "collector/mounts.h"
#include "collector/mounttable.h"
#include "tests/unit/proc/cases.h"

#include <inttypes.h>
#include <time.h>

static struct strings read_words(const char *path)
{
    struct strings words = {.list = calloc(16, sizeof(char *))};
    char *text = access(path, R_OK) == 0 ? cases_read(path, NULL) : strdup("");
    char *rest = NULL;

    for (char *word = strtok_r(text, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
        words.list[words.count++] = strdup(word);
    free(text);
    return words;
}

static void print(FILE *out, const struct mount *mount)
{
    static const char *const types[] = {"virtual", "physical", "automount"};

    fprintf(out, "%" PRIu64 " %" PRIu64 ":%" PRIu64 " %s ", mount->id, mount->device >> 32,
            mount->device & UINT32_MAX, types[mount->type]);
    assert_int_equal(mount->point_len, strlen(mount->point));
    for (const char *p = mount->point; *p; p++)
        fprintf(out, *p < ' ' || *p == 0x7f || *p == '\\' ? "\\x%02x" : "%c", (unsigned char)*p);
    fputc('\n', out);
}

static void run_folder(const char *folder)
{
    char path[600];
    size_t len = 0;
    struct fstypes fstypes = {0};
    struct mounts mounts = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    snprintf(path, sizeof path, "%s/mountinfo", folder);
    char *mountinfo = cases_read(path, &len);
    snprintf(path, sizeof path, "%s/filesystems", folder);
    char *filesystems = cases_read(path, &fstypes.len);
    snprintf(path, sizeof path, "%s/extra-types", folder);
    struct strings extra = read_words(path);
    fstypes.text = filesystems;
    fstypes.extra = &extra;

    if (fstypes_check(&fstypes) < 0 || mounts_parse(&mounts, mountinfo, len, &fstypes) < 0)
        fprintf(out, "unreadable\n");
    for (size_t i = 0; i < mounts.count; i++)
        print(out, &mounts.list[i]);
    fclose(out);
    cases_expect(folder, text);

    free(text);
    mounts_clean(&mounts);
    strings_clean(&extra);
    free(mountinfo);
    free(filesystems);
}

static void test_folders(void **state)
{
    (void)state;
    cases_each("tests/unit/proc/mounts", run_folder);
}

static const struct strings no_words = {0};
static const struct fstypes ext4_only = {.text = "\text4\n", .len = 6, .extra = &no_words};

/* A path of 5 KB and a name of 4000 bytes, all of them escaped: nothing is cut. */
static void test_long(void **state)
{
    struct mounts mounts = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    fprintf(out, "1 0 8:1 / ");
    for (int i = 0; i < 20; i++)
        fprintf(out, "/%0250d", i);
    fprintf(out, " rw - ext4 d rw\n2 1 8:2 / /");
    for (int i = 0; i < 4000; i++)
        fprintf(out, "\\040");
    fprintf(out, " rw - ext4 d rw\n");
    fclose(out);

    assert_int_equal(mounts_parse(&mounts, text, size, &ext4_only), 0);
    assert_int_equal(mounts.count, 2);
    assert_int_equal(mounts.list[0].point_len, 20 * 251);
    assert_memory_equal(&mounts.list[0].point[(size_t)19 * 251], "/000", 4);
    assert_int_equal(mounts.list[0].point[20 * 251 - 1], '9');
    assert_int_equal(mounts.list[1].point_len, 4001);
    assert_int_equal(strspn(mounts.list[1].point + 1, " "), 4000);
    mounts_clean(&mounts);
    free(text);
}

/* Many mounts, half of them buried in the other half, in well under the time of a tick. */
static void test_many(void **state)
{
    enum { HALF = 20000 };
    struct mounts mounts = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    for (int i = 0; i < HALF; i++)
        fprintf(out, "%d 1 8:%d / /m/%d/deep rw - ext4 d rw\n", 10 + i, i, i);
    for (int i = 0; i < HALF; i++)
        fprintf(out, "%d 1 9:%d / /m/%d rw - ext4 d rw\n", 100000 + i, i, i);
    fclose(out);

    clock_t begin = clock();
    assert_int_equal(mounts_parse(&mounts, text, size, &ext4_only), 0);
    assert_true(clock() - begin < 5 * CLOCKS_PER_SEC);
    assert_int_equal(mounts.count, HALF);
    for (size_t i = 0; i < HALF; i++)
        assert_int_equal(mounts.list[i].id, 100000 + i);
    mounts_clean(&mounts);
    free(text);
}

struct row {
    const char *type_and_rest;
    bool resident;
};

/* A file system is asked by the agent itself only where no quota can make it read something. */
static void test_resident(void **state)
{
    static const struct row rows[] = {
        {"ext4 /dev/sda1 rw", true},
        {"ext3 /dev/sda1 rw,errors=continue", true},
        {"ext2  rw", true},
        {"ext4", true},
        {"ext4 /dev/sda1 rw,prjquota", false},
        {"ext4 /dev/sda1 rw,quota,usrquota", false},
        {"ext4 /dev/sda1 rw,jqfmt=vfsv1,usrjquota=aquota.user", false},
        {"ext4.ext4 /dev/sda1 rw", false},
        {"fuse.ext4 /dev/sda1 rw", false},
        {"ext /dev/sda1 rw", false},
        {"xfs /dev/sda1 rw", false},
        {"fuse ext4 rw", false},
        {"btrfs /dev/sda1 rw", false},
        {"nfs4 server:/ext4 rw", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mounts mounts = {0};
        char line[200];
        int len = snprintf(line, sizeof line, "1 0 8:1 / / rw - %s\n", rows[i].type_and_rest);

        assert_int_equal(mounts_parse(&mounts, line, (size_t)len, &ext4_only), 0);
        if (mounts.list[0].resident != rows[i].resident)
            fail_msg("%s", rows[i].type_and_rest);
        mounts_clean(&mounts);
    }
}

/* Wherever it is cut off other than between two lines, the table is unreadable. */
static void test_cut_off(void **state)
{
    static const char text[] = "1 0 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
                               "2 1 8:2 / /a\\040b rw - ext4 /dev/sda2 rw\n";
    struct mounts mounts = {0};

    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        int parsed = mounts_parse(&mounts, text, len, &ext4_only);

        assert_int_equal(parsed, len > 0 && text[len - 1] == '\n' ? 0 : -1);
        mounts_clean(&mounts);
    }
}

struct step {
    const char *what;
    const char *mountinfo; /* NULL: the file is missing */
    int result;
    size_t count;
};

static const struct step steps[] = {
    {"a first read", "1 0 8:1 / / rw - ext4 d rw\n", 1, 1},
    {"the same", "1 0 8:1 / / rw - ext4 d rw\n", 0, 1},
    {"one more", "1 0 8:1 / / rw - ext4 d rw\n2 1 8:2 / /m rw - ext4 d rw\n", 1, 2},
    {"malformed", "1 0 8:1 / / rw ext4 d rw\n", -1, 0},
    {"still malformed", "1 0 8:1 / / rw ext4 d rw\n", -1, 0},
    {"mended", "1 0 8:1 / / rw - ext4 d rw\n", 1, 1},
    {"missing", NULL, -1, 0},
    {"back", "1 0 8:1 / / rw - ext4 d rw\n", 1, 1},
};

static void test_refresh(void **state)
{
    char folder[] = "/tmp/altimeter-mounts-XXXXXX";
    char path[64];
    struct mounttable table;
    const char *blamed = NULL;
    const char *why = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/self", folder);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/filesystems", folder);
    cases_write(path, "\text4\n", 6);
    snprintf(path, sizeof path, "%s/self/mountinfo", folder);
    assert_int_equal(mounttable_open(&table, folder, &no_words), 0);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i].mountinfo)
            cases_write(path, steps[i].mountinfo, strlen(steps[i].mountinfo));
        else
            unlink(path);
        int result = mounttable_refresh(&table, false, &blamed, &why);
        if (result != steps[i].result || table.mounts.count != steps[i].count)
            fail_msg("%s: %d, %zu mounts", steps[i].what, result, table.mounts.count);
    }
    mounttable_close(&table);
    unlink(path);
    snprintf(path, sizeof path, "%s/self", folder);
    rmdir(path);
    snprintf(path, sizeof path, "%s/filesystems", folder);
    unlink(path);
    rmdir(folder);
}

/* Whether the refresh of a table that stands reads it. */
static bool reads(struct mounttable *table, bool doubt)
{
    const char *blamed = NULL;
    const char *why = NULL;

    memset(table->mountinfo.text, 'x', table->mountinfo.len);
    assert_true(mounttable_refresh(table, doubt, &blamed, &why) >= 0);
    assert_true(table->mounts.count > 0);
    return table->mountinfo.text[0] != 'x';
}

/* Others may be mounting meanwhile. */
static void expect_quiet(struct mounttable *table, bool doubt)
{
    for (int i = 0; i < 10; i++)
        if (!reads(table, doubt))
            return;
    fail_msg("it is read each time");
}

/* On the real /proc the kernel tells whether something changed: nothing is read else. */
static void test_real_proc(void **state)
{
    struct mounttable table;
    const char *blamed = NULL;
    const char *why = NULL;

    (void)state;
    assert_int_equal(mounttable_open(&table, "/proc", &no_words), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mounttable_refresh(&table, false, &blamed, &why), 1);
        assert_true(table.mountinfo.kept);
        assert_true(reads(&table, false)); /* it may have changed before it was watched */
        expect_quiet(&table, true);
        expect_quiet(&table, false);
        mounttable_hear(&table);
        assert_true(reads(&table, false));
        expect_quiet(&table, false);
        mounttable_forget(&table);
    }
    mounttable_close(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folders),   cmocka_unit_test(test_long),
        cmocka_unit_test(test_many),      cmocka_unit_test(test_resident),
        cmocka_unit_test(test_cut_off),   cmocka_unit_test(test_refresh),
        cmocka_unit_test(test_real_proc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
