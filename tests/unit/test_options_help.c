/* The help page. */
#include "agent/config/schema.h"
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
    assert_in_range(lines, 10, 24);
    free(page);
}

/* Each key of the file has an option, or the help names it as file-only. */
static void the_help_tells_of_every_key(void **state)
{
    static const struct {
        enum schema_id id;
        const char *said;
    } told[] = {
        {SCHEMA_NAMESPACE, "--namespace"},
        {SCHEMA_ORGANISATION_ID, "the namespace in parts"},
        {SCHEMA_SPACE_ID, "the namespace in parts"},
        {SCHEMA_PART_INSTANCE_ID, "the namespace in parts"},
        {SCHEMA_DEPLOYMENT_NAME, "the namespace in parts"},
        {SCHEMA_SERVICE_TYPE, "the namespace in parts"},
        {SCHEMA_NODE_ID, "the namespace in parts"},
        {SCHEMA_INTERVAL, "--interval"},
        {SCHEMA_HISTORY, "--history"},
        {SCHEMA_STATE_DIR, "--state-dir"},
        {SCHEMA_RUN_DIR, "--run-dir"},
        {SCHEMA_COLLECTOR, "collector.*"},
        {SCHEMA_PROC, "collector.*"},
        {SCHEMA_EXTRA_TYPES, "collector.*"},
        {SCHEMA_EXCLUDE_MOUNTS, "collector.*"},
        {SCHEMA_NAMES, "collector.*"},
        {SCHEMA_PARACHUTE, "parachute.*"},
        {SCHEMA_DISKS, "--threshold MOUNT=PERCENT"},
        {SCHEMA_MOUNT, "--threshold MOUNT=PERCENT"},
        {SCHEMA_THRESHOLD, "--threshold MOUNT=PERCENT"},
        {SCHEMA_WHEN_SEEN, "parachute.*"},
        {SCHEMA_PARACHUTE_INTERVAL, "parachute.*"},
        {SCHEMA_MIN_FREE, "parachute.*"},
        {SCHEMA_INODES, "parachute.*"},
        {SCHEMA_RELEASE, "parachute.*"},
        {SCHEMA_MISSING, "parachute.*"},
        {SCHEMA_TIMES, "parachute.*"},
        {SCHEMA_CYCLES, "parachute.*"},
        {SCHEMA_RELEASE_AFTER, "parachute.*"},
        {SCHEMA_LATCH, "parachute.*"},
        {SCHEMA_ON_ACTIVATE, "parachute.*"},
        {SCHEMA_ACTIVATE_COMMAND, "parachute.*"},
        {SCHEMA_ACTIVATE_TIMEOUT, "parachute.*"},
        {SCHEMA_ACTIVATE_RETRIES, "parachute.*"},
        {SCHEMA_ACTIVATE_USER, "parachute.*"},
        {SCHEMA_ON_RELEASE, "parachute.*"},
        {SCHEMA_RELEASE_COMMAND, "parachute.*"},
        {SCHEMA_RELEASE_TIMEOUT, "parachute.*"},
        {SCHEMA_RELEASE_RETRIES, "parachute.*"},
        {SCHEMA_RELEASE_USER, "parachute.*"},
        {SCHEMA_GRAPHITE, "--graphite HOST:PORT"},
        {SCHEMA_TARGET_NAME, "graphite[].*"},
        {SCHEMA_HOST, "--graphite HOST:PORT"},
        {SCHEMA_PORT, "--graphite HOST:PORT"},
        {SCHEMA_SETTLE, "graphite[].*"},
        {SCHEMA_REPLAY_RATE, "graphite[].*"},
        {SCHEMA_MAX_AGE, "graphite[].*"},
        {SCHEMA_TLS, "graphite[].*"},
        {SCHEMA_TLS_CA, "graphite[].*"},
        {SCHEMA_TLS_CERT, "graphite[].*"},
        {SCHEMA_TLS_KEY, "graphite[].*"},
        {SCHEMA_HTTP, "--http"},
        {SCHEMA_HTTP_LISTEN, "--http"},
        {SCHEMA_LINES, "--lines"},
        {SCHEMA_LINES_LISTEN, "--lines"},
    };
    char *page = help_page();

    (void)state;
    for (enum schema_id id = 0; id < SCHEMA_COUNT; id++) {
        char path[SCHEMA_PATH_MAX] = "";
        const char *said = path;

        if (!schema_row(id)->name)
            continue;
        schema_path(id, path);
        for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
            if (told[i].id == id)
                said = told[i].said;
        if (!strstr(page, said))
            fail_msg("the help tells nothing of %s", path);
    }
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_help_fits_a_screen),
        cmocka_unit_test(the_help_tells_of_every_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
