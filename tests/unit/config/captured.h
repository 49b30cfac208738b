/* Runs the start of the program as a user would, and keeps what it says on stderr. */
#ifndef TESTS_UNIT_CONFIG_CAPTURED_H
#define TESTS_UNIT_CONFIG_CAPTURED_H

#include "agent/options.h"
#include "collector/host.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAPTURED_BYTES 16384
#define CAPTURED_ARGUMENTS 16

static bool captured_host_is_known = true;

/* The seam: a host name that is no node. */
int host_open(void)
{
    return 0;
}

void host_close(void)
{
}

int host_name(char *name, size_t size)
{
    snprintf(name, size, "node 7.example");
    return captured_host_is_known ? 0 : -1;
}

/* The seam: whether a file is trusted is for the tests of trust_open. What was asked last. */
static char captured_distrusted[256]; /* this path is, because "of a reason" */
static bool captured_swapped;         /* another file stands there by now */
static struct {
    char path[256];
    const struct trust_user *user;
    int fd; /* that was given */
} captured_trust[4];
static size_t captured_trusts;

const struct trust_user trust_ourselves;

int trust_open(const char *path, const struct trust_user *user, char *why)
{
    assert_true(captured_trusts < sizeof captured_trust / sizeof captured_trust[0]);
    snprintf(captured_trust[captured_trusts].path, sizeof captured_trust[0].path, "%s", path);
    captured_trust[captured_trusts].user = user;
    if (strcmp(path, captured_distrusted) != 0) {
        int fd = open(path, O_PATH | O_CLOEXEC);

        if (captured_swapped && fd >= 0)
            close(fd);
        if (captured_swapped || fd < 0) /* or a program that need not be there */
            fd = open("/dev/null", O_PATH | O_CLOEXEC);
        return captured_trust[captured_trusts++].fd = fd;
    }
    snprintf(why, TRUST_WHY_MAX, "of a reason");
    return captured_trust[captured_trusts++].fd = -1;
}

/* What was said, and the options and the config; to be given to captured_clean. */
struct captured {
    int result;
    struct options options;
    struct config config;
    char said[CAPTURED_BYTES];
};

/* `arguments` ends with NULL. */
static inline void captured_run(struct captured *captured, const char *const *arguments)
{
    char *argv[CAPTURED_ARGUMENTS + 2] = {(char *)"altimeter"};
    int argc = 1;
    int real = dup(STDERR_FILENO);
    FILE *file = tmpfile();

    assert_non_null(file);
    assert_true(real >= 0);
    for (; arguments[argc - 1]; argc++) {
        assert_true(argc <= CAPTURED_ARGUMENTS);
        argv[argc] = (char *)arguments[argc - 1];
    }
    captured_trusts = 0;
    captured->config = (struct config){0};
    assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
    captured->result = options_read(&captured->options, &captured->config, argc, argv);
    assert_int_equal(dup2(real, STDERR_FILENO), STDERR_FILENO);
    close(real);
    rewind(file);
    size_t len = fread(captured->said, 1, sizeof captured->said - 1, file);
    captured->said[len] = '\0';
    fclose(file);
}

static inline void captured_load(struct captured *captured, const char *path)
{
    captured_run(captured, (const char *const[]){"-c", path, NULL});
}

static inline void captured_clean(struct captured *captured)
{
    config_free(&captured->config);
}

/* What --check prints; to be freed. */
static inline char *captured_print(const struct captured *captured)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    assert_int_equal(config_print(&captured->config, out), 0);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* A file with these bytes; `path` ends in XXXXXX and gets its name. */
static inline void captured_write(char *path, const char *bytes, size_t len)
{
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    assert_int_equal(close(fd), 0);
}

/* Loads `text` as a file; its path goes to `path` and is removed again. */
static inline void captured_load_text(struct captured *captured, const char *text, char path[64])
{
    snprintf(path, 64, "/tmp/altimeter-config-XXXXXX");
    captured_write(path, text, strlen(text));
    captured_load(captured, path);
    unlink(path);
}

/* What is expected to be said, less the file's path. */
static inline void captured_refused(const char *text, const char *said)
{
    struct captured captured;
    char path[64];
    char expected[CAPTURED_BYTES];

    captured_load_text(&captured, text, path);
    snprintf(expected, sizeof expected, "%s:%s\n", path, said);
    assert_string_equal(captured.said, expected);
    assert_int_equal(captured.result, -1);
    captured_clean(&captured);
}

#endif
