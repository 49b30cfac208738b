/*
 * The configuration file: tests/unit/config/bad holds files that are refused, each with the line
 * that says why beside it (less the file's name), good holds files with what --check prints.
 */
#include "tests/unit/config/captured.h"

#include <fcntl.h>
#include <glob.h>
#include <jansson.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define FOLDER "tests/unit/config/"
#define TEMPORARY "/tmp/altimeter-config-XXXXXX"
#define MEBIBYTE ((size_t)1024 * 1024)

/* The file beside `path` whose name ends in `ending` instead of ".json"; to be freed. */
static char *read_beside(const char *path, const char *ending)
{
    char name[256];
    char *text = calloc(1, CAPTURED_BYTES);

    snprintf(name, sizeof name, "%.*s%s", (int)(strlen(path) - strlen(".json")), path, ending);
    FILE *file = fopen(name, "r");
    if (!file)
        fail_msg("%s is missing", name);
    assert_non_null(text);
    assert_true(fread(text, 1, CAPTURED_BYTES - 1, file) > 0);
    fclose(file);
    return text;
}

static void bad_files_are_refused_with_one_line(void **state)
{
    glob_t files;

    (void)state;
    assert_int_equal(glob(FOLDER "bad/*.json", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        const char *path = files.gl_pathv[i];
        struct captured captured;
        char expected[CAPTURED_BYTES];
        char *reason = read_beside(path, ".txt");

        captured_load(&captured, path);
        snprintf(expected, sizeof expected, "%s:%s", path, reason);
        if (captured.result != -1)
            fail_msg("%s was accepted", path);
        assert_string_equal(captured.said, expected);
        captured_clean(&captured);
        free(reason);
    }
    globfree(&files);
}

/* And what is printed can be read again, and then prints the same. */
static void good_files_are_printed(void **state)
{
    glob_t files;

    (void)state;
    assert_int_equal(glob(FOLDER "good/*.json", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        const char *path = files.gl_pathv[i];
        char again[] = TEMPORARY;
        struct captured captured;
        char *expected = read_beside(path, ".out");

        captured_load(&captured, path);
        assert_string_equal(captured.said, "");
        char *printed = captured_print(&captured);
        assert_string_equal(printed, expected);
        captured_clean(&captured);

        captured_write(again, printed, strlen(printed));
        captured_load(&captured, again);
        assert_string_equal(captured.said, "");
        char *printed_again = captured_print(&captured);
        assert_string_equal(printed_again, expected);
        captured_clean(&captured);
        unlink(again);
        free(printed_again);
        free(printed);
        free(expected);
    }
    globfree(&files);
}

/* `text` is loaded as a file; expects what is said to hold `needle`, or nothing where NULL. */
static void check_text(const char *text, size_t len, const char *needle)
{
    char path[] = TEMPORARY;
    struct captured captured;

    captured_write(path, text, len);
    captured_load(&captured, path);
    unlink(path);
    if (!needle)
        assert_string_equal(captured.said, "");
    else if (!strstr(captured.said, needle))
        fail_msg("\"%s\" is not in: %s", needle, captured.said);
    assert_int_equal(captured.result, needle ? -1 : 0);
    captured_clean(&captured);
}

static void a_file_is_at_most_a_mebibyte(void **state)
{
    char *text = malloc(MEBIBYTE + 1);

    (void)state;
    assert_non_null(text);
    memset(text, ' ', MEBIBYTE + 1);
    text[0] = '{';
    text[1] = '}';
    check_text(text, MEBIBYTE, NULL);
    check_text(text, MEBIBYTE + 1, ": must be a readable file of at most 1 MiB (it is larger)\n");
    free(text);
}

static void deep_nesting_is_refused(void **state)
{
    static const struct {
        const char *start;
        size_t depth;
        bool closed;
        const char *said;
    } cases[] = {
        {"{\"namespace\": ", 1000, true, ":1:15: namespace: must be "},
        {"{\"x\": ", 1000, true, ":1:2: x: must be one of the keys "},
        {"", 1000, true, ":1:1: must be an object"},
        {"", 1000, false, ": must be JSON: "},
        {"{\"namespace\": ", 100000, true, ": must be JSON: maximum parsing depth"},
    };
    static char text[300000];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len = (size_t)snprintf(text, sizeof text, "%s", cases[i].start);

        memset(text + len, '[', cases[i].depth);
        len += cases[i].depth;
        if (cases[i].closed) {
            memset(text + len, ']', cases[i].depth);
            len += cases[i].depth;
            text[len] = '}';
            len += len > 0 && cases[i].start[0] == '{';
        }
        check_text(text, len, cases[i].said);
    }
}

/* A key doubled far down does not take long to place. */
static void a_deep_doubled_key_is_placed(void **state)
{
    static char text[20000];
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "{\"a\":");
    len += (size_t)snprintf(text + len, sizeof text - len, "{\"a\":1,\"a\"");
    check_text(text, len, ":1:5008: a.a.a.a.a.a.a.a: must be given only once");
}

static void lists_are_bounded(void **state)
{
    static char text[100000];
    size_t len = (size_t)snprintf(text, sizeof text, "{\"collector\": {\"names\": {");

    (void)state;
    for (int i = 0; i <= 1000; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s\"/%d\": \"n%d\"",
                                i > 0 ? "," : "", i, i);
    snprintf(text + len, sizeof text - len, "}}}");
    check_text(text, strlen(text), "\"/1000\": must be an object of at most 1000 names");
}

static void what_is_no_file_is_refused(void **state)
{
    char fifo[] = TEMPORARY;
    struct captured captured;

    (void)state;
    captured_load(&captured, "/nonexistent/altimeter.json");
    assert_string_equal(captured.said, "/nonexistent/altimeter.json: must be a readable file of at "
                                       "most 1 MiB (No such file or directory)\n");
    captured_clean(&captured);
    captured_load(&captured, "/tmp");
    assert_string_equal(captured.said, "/tmp: must be a readable file of at most 1 MiB (it is no "
                                       "regular file)\n");
    captured_clean(&captured);
    captured_load(&captured, "/dev/zero");
    assert_non_null(strstr(captured.said, "(it is no regular file)"));
    captured_clean(&captured);

    /* Nobody writes to it: that does not hold up the start. */
    captured_write(fifo, "", 0);
    unlink(fifo);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    captured_load(&captured, fifo);
    assert_non_null(strstr(captured.said, ":1:1: must be JSON"));
    captured_clean(&captured);
    unlink(fifo);
}

/* As `-c <(command)` gives it, whose writer is slower than we are. */
static void a_pipe_is_read_to_its_end(void **state)
{
    int ends[2];
    int status = 0;
    char path[32];
    struct captured captured;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        bool written = true;

        close(ends[0]);
        for (int i = 0; i < 100000 && written; i++)
            written = write(ends[1], " ", 1) == 1;
        _exit(written && write(ends[1], "{\"interval\": 7}", 15) == 15 ? 0 : 1);
    }
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    captured_load(&captured, path);
    close(ends[0]);
    assert_int_equal(waitpid(writer, &status, 0), writer);
    assert_string_equal(captured.said, "");
    assert_int_equal(captured.config.interval_s, 7);
    assert_int_equal(status, 0);
    captured_clean(&captured);
}

static size_t allocations_left;

static void *scarce_malloc(size_t size)
{
    if (allocations_left == 0)
        return NULL;
    allocations_left--;
    return malloc(size);
}

/* Whichever of the parser's allocations fails: an error or a success, no crash and no leak. */
static void scarce_memory_is_survived(void **state)
{
    size_t available = 0;
    bool printed = false;

    (void)state;
    json_set_alloc_funcs(scarce_malloc, free);
    for (; !printed && available < 100000; available++) {
        struct captured captured;
        FILE *out = fopen("/dev/null", "w");

        assert_non_null(out);
        allocations_left = available;
        captured_load(&captured, FOLDER "good/all-keys.json");
        if (captured.result == 0) {
            assert_int_equal(captured.config.target_count, 4);
            assert_int_equal(captured.config.name_count, 3);
            int real = dup(STDERR_FILENO);
            assert_non_null(freopen("/dev/null", "w", stderr));
            printed = config_print(&captured.config, out) == 0;
            assert_true(dup2(real, STDERR_FILENO) >= 0);
            close(real);
        } else {
            assert_non_null(strchr(captured.said, '\n'));
        }
        captured_clean(&captured);
        fclose(out);
    }
    json_set_alloc_funcs(malloc, free);
    assert_true(printed);
    assert_true(available > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_are_refused_with_one_line),
        cmocka_unit_test(good_files_are_printed),
        cmocka_unit_test(a_file_is_at_most_a_mebibyte),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(a_deep_doubled_key_is_placed),
        cmocka_unit_test(lists_are_bounded),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(a_pipe_is_read_to_its_end),
        cmocka_unit_test(scarce_memory_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
