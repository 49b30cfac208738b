/* The body of /healthz. */
#include "emitter/status.h"
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct target_status targets[] = {
    {.name = "a:2003",
     .state = "up",
     .sent = UINT64_C(5000000000),
     .owed = 1,
     .lost = 2,
     .lost_from_s = 1594380000,
     .lost_to_s = 1594380010,
     .reconnects = 3,
     .acked_age_ms = 40},
    {.name = "\xc3\xa9:2003",
     .state = "down",
     .error = "refused: \xff\xfe \"quoted\"\n",
     .acked_age_ms = -1},
};

static const struct store_status file = {
    .state = "failing", .error = "read-only", .behind = 7, .size_bytes = 65536};

static const struct status status = {
    .healthy = true,
    .version = "0.1.0",
    .start_time_s = 1594380700,
    .uptime_s = 20,
    .newest_timestamp_s = 1594380720,
    .newest_age_s = 4,
    .ring_snapshots = 3,
    .ring_capacity = 360,
    .ring_bytes = 8192,
    .file = &file,
    .http_clients = 5,
    .lines_clients = 6,
    .reloads = 7,
    .reloads_refused = 8,
    .reload_last_s = 1594380710,
    .reload_error = "wrong.json:1: \xff\"",
    .targets = targets,
    .target_count = 2,
};

/* The text must be the object that `expected` says, whatever its order and blanks. */
static void check(const struct status *given, bool whole, const char *expected)
{
    char *text = status_text(given, whole);
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    json_t *wanted = json_loads(expected, 0, NULL);

    assert_non_null(wanted);
    if (!json_equal(object, wanted))
        fail_msg("%s", text);
    json_decref(object);
    json_decref(wanted);
    free(text);
}

static void test_whole(void **state)
{
    (void)state;
    check(&status, true,
          "{\"status\": \"ok\", \"version\": \"0.1.0\", \"start_time_s\": 1594380700,"
          " \"uptime_s\": 20, \"newest\": {\"timestamp_s\": 1594380720, \"age_s\": 4},"
          " \"ring\": {\"snapshots\": 3, \"capacity\": 360, \"bytes\": 8192, \"file\":"
          " {\"state\": \"failing\", \"error\": \"read-only\", \"behind\": 7,"
          " \"size_bytes\": 65536}},"
          " \"http\": {\"clients\": 5}, \"lines\": {\"clients\": 6},"
          " \"configuration\": {\"reloads\": 7, \"refused\": 8, \"last_s\": 1594380710,"
          " \"error\": \"wrong.json:1: ?\\\"\"}, \"targets\": ["
          "{\"name\": \"a:2003\", \"state\": \"up\", \"error\": null, \"sent\": 5000000000,"
          " \"owed\": 1, \"lost\": 2, \"lost_from_s\": 1594380000, \"lost_to_s\": 1594380010,"
          " \"reconnects\": 3, \"acked_age_ms\": 40},"
          "{\"name\": \"\xc3\xa9:2003\", \"state\": \"down\","
          " \"error\": \"refused: ?? \\\"quoted\\\"\\n\", \"sent\": 0, \"owed\": 0, \"lost\": 0,"
          " \"lost_from_s\": null, \"lost_to_s\": null, \"reconnects\": 0,"
          " \"acked_age_ms\": null}]}");
}

static void test_not_trusted(void **state)
{
    struct status stale = status;

    (void)state;
    check(&status, false, "{\"status\": \"ok\", \"version\": \"0.1.0\"}");
    stale.healthy = false;
    check(&stale, false, "{\"status\": \"stale\", \"version\": \"0.1.0\"}");
}

static void test_no_target(void **state)
{
    struct status alone = status;

    (void)state;
    alone.target_count = 0;
    alone.file = NULL;
    alone.reload_last_s = 0;
    alone.reload_error = NULL;
    char *text = status_text(&alone, true);
    assert_non_null(strstr(text, "\"targets\": []"));
    assert_non_null(strstr(text, "\"file\": null"));
    assert_non_null(strstr(text, "\"last_s\": null,\n    \"error\": null\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_not_trusted),
        cmocka_unit_test(test_no_target),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
