/* The help page. */
#include "agent/config/config.h"
#include "agent/options.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *help_page(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(out);
    options_help(out);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Of 24 lines, one is the prompt's. */
static void the_help_fits_a_screen(void **state)
{
    char *page = help_page();
    size_t lines = 0;

    (void)state;
    for (const char *line = page; *line; lines++) {
        size_t len = strcspn(line, "\n");

        assert_true(len <= 80);
        line += len + (line[len] == '\n');
    }
    assert_in_range(lines, 10, 23);
    free(page);
}

/* The keys that have an option; for the others there is a page of their own. */
static void the_help_tells_of_every_option(void **state)
{
    static const char *const told[] = {
        "-c, --config FILE",
        "-n, --namespace NODES",
        "-i, --interval SECONDS",
        "-g, --graphite HOST:",
        "--http ADDR:PORT|off",
        "--lines ADDR:PORT|off",
        "unix:PATH",
        "--threshold MOUNT=PERCENT",
        "--history 1h|360",
        "--state-dir DIR",
        "--run-dir DIR",
        "--once",
        "-t, --check",
        "-q, --quiet",
        "-v, --verbose",
        "-V, --version",
        "-h, --help",
        "SIGHUP",
        "man altimeter.json",
        "altimeter parachute --help",
    };
    char *page = help_page();

    (void)state;
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        if (!strstr(page, told[i]))
            fail_msg("the help tells nothing of %s", told[i]);
    free(page);
}

/* The end of the line that begins with the option. */
static void assert_default(const char *page, const char *option, const char *wanted)
{
    const char *line = strstr(page, option);
    char end[256];

    assert_non_null(line);
    int len = snprintf(end, sizeof end, "(%s)", wanted);
    assert_in_range(len, 1, sizeof end - 1);
    size_t line_len = strcspn(line, "\n");
    if (line_len < (size_t)len || strncmp(line + line_len - len, end, (size_t)len) != 0)
        fail_msg("the help does not say that %s is %s by default", option, wanted);
}

static void the_help_tells_the_defaults(void **state)
{
    struct config config = {0};
    char *page = help_page();
    char text[64];

    (void)state;
    assert_int_equal(config_defaults(&config), 0);
    snprintf(text, sizeof text, "%u", config.interval_s);
    assert_default(page, "--interval", text);
    snprintf(text, sizeof text, "%uh", config.history_s / 3600);
    assert_default(page, "--history", text);
    assert_default(page, "--http", config.http_listen_text);
    assert_default(page, "--lines", config.lines_listen_text);
    assert_int_equal(config.target_count, 0);
    assert_default(page, "--graphite", "none");
    assert_null(config.state_dir);
    assert_default(page, "--state-dir", "none");
    assert_null(config.run_dir);
    assert_default(page, "--run-dir", "none");
    config_free(&config);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_help_fits_a_screen),
        cmocka_unit_test(the_help_tells_of_every_option),
        cmocka_unit_test(the_help_tells_the_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
