/* Other disks while the node is activated: which marker files go, come, and are never away. */
#include "tests/unit/turning.h"

#include "parachute/keep/marks.h"

#include <malloc.h>
#include <sys/inotify.h>

#define MANY 1000
#define NODE MARKS_NODE
#define A MARKS_NODE "-a"
#define B MARKS_NODE "-b"

static const char *path_of(const struct turning *turning, const char *name)
{
    static char path[192];

    snprintf(path, sizeof path, "%s/" MARKS_FOLDER "/%s", turning->acting.run_dir, name);
    return path;
}

static bool there(const struct turning *turning, const char *name)
{
    return access(path_of(turning, name), F_OK) == 0;
}

static off_t size_of(const struct turning *turning, const char *name)
{
    struct stat stat;

    return lstat(path_of(turning, name), &stat) == 0 ? stat.st_size : -1;
}

static bool all_is_marked(struct acting *acting)
{
    const struct turning *turning = (const struct turning *)acting;

    return size_of(turning, NODE) > 0 && size_of(turning, A) > 0 && size_of(turning, B) == 0;
}

static bool b_is_gone(struct acting *acting)
{
    return !there((const struct turning *)acting, B);
}

static bool b_is_back(struct acting *acting)
{
    return there((const struct turning *)acting, B);
}

static bool a_is_gone(struct acting *acting)
{
    const struct turning *turning = (const struct turning *)acting;

    return !there(turning, A) && size_of(turning, B) == 0;
}

static bool nothing_is_marked(struct acting *acting)
{
    return size_of((const struct turning *)acting, NODE) == 0;
}

static bool it_is_renamed(struct acting *acting)
{
    const struct turning *turning = (const struct turning *)acting;

    return !there(turning, A) && size_of(turning, MARKS_NODE "-new_a") > 0 &&
           size_of(turning, MARKS_NODE "-new_b") == 0;
}

/* Whatever became of the file of that name since the folder is watched. */
static bool was_touched(int watch, const char *name)
{
    char events[4096] __attribute__((aligned(8)));
    bool touched = false;

    for (;;) {
        ssize_t got = read(watch, events, sizeof events);
        if (got <= 0)
            return touched;
        for (ssize_t at = 0; at < got;) {
            const struct inotify_event *event = (const void *)(events + at);

            touched = touched || (event->len > 0 && strcmp(event->name, name) == 0);
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
}

static void markers_are_of_the_disks_there_are(void **state)
{
    struct turning turning;

    (void)state;
    turning_begin(&turning, "ab", NULL, NULL);
    turning_judge(&turning, 90, 50);
    UNTIL(&turning, all_is_marked);
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    assert_true(inotify_add_watch(watch, path_of(&turning, ""),
                                  IN_CREATE | IN_DELETE | IN_MOVE | IN_MODIFY) >= 0);
    for (int i = 0; i < 3; i++) {
        turning_adapt(&turning, "a", NULL, NULL);
        UNTIL(&turning, b_is_gone);
        turning_judge(&turning, 90, 50);
        turning_adapt(&turning, "ba", NULL, NULL);
        UNTIL(&turning, b_is_back);
        turning_judge(&turning, 50, 90);
    }
    UNTIL(&turning, all_is_marked);
    assert_false(was_touched(watch, A)); /* it was there all the time */
    close(watch);

    turning_adapt(&turning, "b", NULL, NULL);
    UNTIL(&turning, a_is_gone); /* before any cycle; the node is released by one */
    assert_true(size_of(&turning, NODE) > 0);
    turning_judge(&turning, 50, 0);
    UNTIL(&turning, nothing_is_marked);
    assert_false(there(&turning, A));
    turning_end(&turning);
}

static void a_renamed_disk_has_the_marker_of_its_new_name(void **state)
{
    struct turning turning;

    (void)state;
    turning_begin(&turning, "ab", NULL, NULL);
    turning_judge(&turning, 90, 50);
    UNTIL(&turning, all_is_marked);
    turning.prefix = "new_";
    turning_adapt(&turning, "ab", NULL, NULL);
    UNTIL(&turning, it_is_renamed);
    turning_end(&turning);
}

static const char *children(void)
{
    static char text[1024];
    char path[64];

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static unsigned words(const char *text)
{
    unsigned count = 0;

    for (; *text; text++)
        count += *text == ' ';
    return count;
}

/* Other rules, other commands, the same names: the helpers are the same. */
static void with_the_same_names_all_stays_as_it_is(void **state)
{
    struct turning turning;

    (void)state;
    turning_begin(&turning, "ab", NULL, NULL);
    turning_judge(&turning, 90, 50);
    UNTIL(&turning, all_is_marked);
    char *before = strdup(children());
    assert_non_null(before);
    turning.threshold = 70;
    for (int i = 0; i < 100; i++) {
        turning_adapt(&turning, "ab", i % 2 ? NULL : SAY(""), NULL);
        turning_judge(&turning, 90, 50);
        parachute_dispatch(turning.acting.parachute);
    }
    turning_judge(&turning, 50, 50);
    UNTIL(&turning, nothing_is_marked); /* by whom? */
    assert_string_equal(children(), before);
    free(before);
    turning_end(&turning);
}

/* More disks than can be marked are refused, and nothing has changed. */
static void too_many_are_refused(void **state)
{
    enum { MORE = MARKS_DISKS_MAX + 1 };
    struct parachute_disk *disks = calloc(MORE, sizeof *disks);
    char(*texts)[16] = calloc(MORE, sizeof *texts);
    struct turning turning;

    (void)state;
    assert_non_null(disks);
    assert_non_null(texts);
    turning_begin(&turning, "ab", NULL, NULL);
    turning_judge(&turning, 90, 50);
    UNTIL(&turning, all_is_marked);
    size_t series = series_count(turning.acting.series);
    struct parachute_options options = turning.in_force->options;
    for (int i = 0; i < MORE; i++) {
        snprintf(texts[i], sizeof texts[i], "/d%d", i);
        disks[i] = turning.acting.disk;
        disks[i].mount = texts[i];
        disks[i].name = texts[i] + 1;
    }
    options.disks = disks;
    options.count = MORE;
    assert_int_equal(parachute_adapt(turning.acting.parachute, &options), -1);
    free(disks);
    free(texts);
    assert_int_equal(operate_disks(turning.acting.parachute), 2);
    assert_int_equal(series_count(turning.acting.series), series);
    turning_judge(&turning, 50, 50);
    UNTIL(&turning, nothing_is_marked);
    turning_end(&turning);
}

static unsigned before_descriptors;
static unsigned before_children;

static bool all_is_as_it_was(struct acting *acting)
{
    return all_is_marked(acting) && acting_descriptors() <= before_descriptors &&
           words(children()) <= before_children;
}

/* There is never more than one helper that marks, however often its names are others. */
static void many_leave_nothing_behind(void **state)
{
    static const char *const sets[] = {"a", "ba", "b", "ab"};
    struct turning turning;
    size_t bytes = 0;

    (void)state;
    turning_begin(&turning, "ab", NULL, NULL);
    turning_judge(&turning, 90, 50);
    UNTIL(&turning, all_is_marked);
    before_descriptors = acting_descriptors();
    before_children = words(children());
    for (int i = 0; i < MANY; i++) {
        const char *set = sets[i % 4];

        turning_adapt(&turning, set, NULL, NULL);
        turning_judge(&turning, *set == 'a' ? 90 : 50, *set == 'a' ? 50 : 90);
        parachute_dispatch(turning.acting.parachute);
        assert_true(words(children()) <= before_children);
        assert_true(acting_descriptors() <= before_descriptors);
        if (i == 99)
            bytes = mallinfo2().uordblks;
    }
    assert_true(mallinfo2().uordblks <= bytes + (size_t)8 * MANY);
    UNTIL(&turning, all_is_as_it_was);
    turning_end(&turning);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markers_are_of_the_disks_there_are),
        cmocka_unit_test(a_renamed_disk_has_the_marker_of_its_new_name),
        cmocka_unit_test(with_the_same_names_all_stays_as_it_is),
        cmocka_unit_test(too_many_are_refused),
        cmocka_unit_test(many_leave_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
