/* The names of disks. */
#include "base/node.h"
#include "collector/names.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *mount;
    const char *name;
};

static void check(struct names *names, const struct row *rows, size_t count)
{
    for (int round = 0; round < 2; round++) /* a name stays with its mount point */
        for (size_t i = 0; i < count; i++) {
            const char *name = names_give(names, rows[i].mount);

            assert_non_null(name);
            if (strcmp(name, rows[i].name) != 0)
                fail_msg("%s: %s instead of %s", rows[i].mount, name, rows[i].name);
            assert_true(node_valid(name));
        }
}

#define CHECK(names, rows) check(names, rows, sizeof(rows) / sizeof *(rows))

static void test_defaults(void **state)
{
    static const struct row rows[] = {
        {"/", "system"},
        {"/var/vcap/data", "ephemeral"},
        {"/var/vcap/store", "persistent"},
        {"/home", "home"},
        {"/var/log", "var_log"},
        {"/var_log", "var_log_2"},
        {"/var.log", "var_log_3"},
        {"/var/log_2", "var_log_2_2"},
        {"/system", "system_2"},
        {"/ephemeral", "ephemeral_2"},
        {"/error", "error_2"},
        {"/error_2", "error_2_2"},
        {"/a b", "a_b"},
        {"/a\tb", "a_b_2"},
        {"/a\nb", "a_b_3"},
        {"/\xff\xfe", "__"},
        {"/back\\slash;semi", "back_slash_semi"},
        {"/UPPER-lower_9", "UPPER-lower_9"},
        {"//", "_"},
    };
    struct names *names = names_new(NULL, 0);

    (void)state;
    CHECK(names, rows);
    names_free(names);
}

static void test_options(void **state)
{
    static const struct collector_name options[] = {
        {"/", "root"}, {"/srv", "persistent"}, {"/backup", "vault"}};
    static const struct row rows[] = {
        {"/vault", "vault_2"},  {"/backup", "vault"},
        {"/", "root"},          {"/system", "system"}, /* free now */
        {"/srv", "persistent"}, {"/var/vcap/store", "var_vcap_store"},
        {"/root", "root_2"},    {"/var/vcap/data", "ephemeral"},
    };
    struct names *names = names_new(options, sizeof options / sizeof *options);

    (void)state;
    CHECK(names, rows);
    names_free(names);
}

static void test_observed_first(void **state)
{
    struct names *names = names_new(NULL, 0);

    (void)state;
    assert_string_equal(names_give_for_good(names, "/a.b"), "a_b");
    assert_string_equal(names_give(names, "/a/b"), "a_b_2");
    names_free(names);
}

/* Names at the edge of what a node may be, and one byte over it; doubles of both. */
static void test_long(void **state)
{
    char paths[4][NODE_MAX + 8];
    char seen[4][NODE_MAX + 1];
    struct names *names = names_new(NULL, 0);

    (void)state;
    for (int i = 0; i < 4; i++) {
        memset(paths[i], 'x', sizeof paths[i]);
        paths[i][0] = '/';
        paths[i][NODE_MAX + 1 + i / 2] = '\0';
    }
    paths[1][5] = '.'; /* as [0] in no more than a byte that may not stand in a node */
    paths[0][5] = '_';
    paths[3][5] = '.';
    paths[2][5] = '_';
    for (int i = 0; i < 4; i++) {
        const char *name = names_give(names, paths[i]);

        assert_true(node_valid(name));
        snprintf(seen[i], sizeof seen[i], "%s", name);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(seen[i], seen[j]);
    }
    assert_int_equal(strlen(seen[0]), NODE_MAX);
    assert_memory_equal(seen[0], paths[0] + 1, NODE_MAX);
    names_free(names);
}

/* A thousand mount points that all would like one name. */
static void test_crowd(void **state)
{
    enum { CROWD = 1000 };
    struct names *names = names_new(NULL, 0);
    char mount[64];
    char expected[64];

    (void)state;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < CROWD; i++) {
            for (int bit = 0; bit < 10; bit++)
                mount[bit + 1] = i >> bit & 1 ? '.' : '_';
            mount[0] = '/';
            mount[11] = '\0';
            snprintf(expected, sizeof expected, i ? "__________%s%d" : "__________", "_", i + 1);
            assert_string_equal(names_give(names, mount), expected);
        }
    names_free(names);
}

/* Mounts that come and go for years: those not mounted are forgotten, the others keep theirs. */
static void test_forgetting(void **state)
{
    struct names *names = names_new(NULL, 0);
    char mount[64];

    (void)state;
    names_give_for_good(names, "/watched.disk");
    names_trim(names);
    for (int i = 0; i < 2 * NAMES_REMEMBERED; i++) {
        snprintf(mount, sizeof mount, "/pod/%d", i);
        names_give(names, mount);
        names_give(names, "/a.b");
        if (i == NAMES_REMEMBERED / 2) /* not many yet: it keeps its name while it is away */
            assert_string_equal(names_give(names, "/pod.0"), "pod_0_2");
        names_trim(names);
    }
    assert_string_equal(names_give(names, "/a.b"), "a_b");
    assert_string_equal(names_give(names, "/a/b"), "a_b_2");
    assert_string_equal(names_give(names, "/watched/disk"), "watched_disk_2");
    assert_string_equal(names_give(names, "/system"), "system_2");
    assert_string_equal(names_give(names, "/pod.0"), "pod_0"); /* /pod/0 was forgotten */
    names_free(names);
}

/* Other options, after the first three mount points have their names: what all of them are called
 * then, in this order. */
static void test_renewed(void **state)
{
    static const struct collector_name before[] = {
        {"/srv", "files"}, {"/opt", "extra"}, {"/never", "seen"}};
    static const struct collector_name after[] = {{"/srv", "served"}, {"/x", "home"}};
    static const char *const named[] = {"/srv", "/opt", "/home", "/var/log", "/var.log"};
    static const struct row rows[] = {
        {"/var/log", "var_log"}, {"/var.log", "var_log_2"},
        {"/var-log", "var-log"}, {"/var_log", "var_log_3"},
        {"/srv", "served"},      {"/files", "files"}, /* free now */
        {"/opt", "opt"},                              /* that was not ours */
        {"/extra", "extra"},     {"/home", "home_2"}, /* it was given away */
        {"/x", "home"},          {"/seen", "seen"},   /* nobody ever had it */
        {"/never", "never"},     {"/", "system"},
        {"/error", "error_2"},
    };
    struct names *names = names_new(before, sizeof before / sizeof *before);

    (void)state;
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        assert_non_null(names_give(names, named[i]));
    struct names *renewed = names_renew(names, after, sizeof after / sizeof *after);
    assert_string_equal(names_give(names, "/home"), "home"); /* those stay as they are */
    names_free(names);
    CHECK(renewed, rows);
    names_free(renewed);
}

/* A default name that another mount point had is for nobody else, once it is free; and one that was
 * kept for good under the options before may be forgotten. */
static void test_renewed_defaults(void **state)
{
    static const struct collector_name before[] = {{"/root", "system"}, {"/log", "logs"}};
    struct names *names = names_new(before, 2);
    char mount[64];

    (void)state;
    assert_string_equal(names_give(names, "/log"), "logs");
    struct names *renewed = names_renew(names, NULL, 0);
    names_free(names);
    names = names_renew(renewed, NULL, 0);
    names_free(renewed);
    names_trim(names);
    for (int i = 0; i <= NAMES_REMEMBERED; i++) {
        snprintf(mount, sizeof mount, "/pod/%d", i);
        names_give(names, mount);
    }
    names_trim(names);
    names_trim(names);
    assert_string_equal(names_give(names, "/logs"), "logs");
    assert_string_equal(names_give(names, "/system"), "system_2");
    assert_string_equal(names_give(names, "/"), "system");
    names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),       cmocka_unit_test(test_options),
        cmocka_unit_test(test_observed_first), cmocka_unit_test(test_long),
        cmocka_unit_test(test_crowd),          cmocka_unit_test(test_forgetting),
        cmocka_unit_test(test_renewed),        cmocka_unit_test(test_renewed_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
