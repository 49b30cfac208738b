/* What a running agent cannot take up from another configuration, and what it can. */
#include "agent/config/config_fixed.h"
#include "agent/config/fault.h"
#include "tests/unit/config/captured.h"

static char said[CAPTURED_BYTES];

static void on_line(void *arg, const char *line)
{
    (void)arg;
    strncat(said, line, sizeof said - strlen(said) - 1);
    strncat(said, "\n", sizeof said - strlen(said) - 1);
}

static void load(struct captured *captured, const char *text)
{
    char path[] = "/tmp/altimeter-fixed-XXXXXX";

    captured_write(path, text, strlen(text));
    captured_load(captured, path);
    unlink(path);
    assert_int_equal(captured->result, 0);
}

static const struct {
    const char *before;
    const char *after;
    const char *keys; /* that are refused, in order, each with its place; "" where none is */
} cases[] = {
    {"{}", "{}", ""},
    {"{}", "{\"interval\": 1, \"self_metrics\": true, \"http\": {\"listen\": \"off\"}}", ""},
    {"{\"namespace\": \"a.b\"}", "{\"namespace\": \"a.b\", \"instance_id\": \"c\"}", ""},
    {"{\"namespace\": \"a.b\"}", "{\"namespace\": \"a.c\"}", "1:15: namespace"},
    {"{\"namespace\": \"a.b\"}", "{}", "altimeter: namespace"},
    {"{\"namespace\": {\"instance_id\": \"a\", \"deployment_name\": \"b\", \"service_type\": "
     "\"c\", "
     "\"node_id\": \"d\"}}",
     "{\"namespace\": {\"instance_id\": \"a\", \"deployment_name\": \"b\", \"service_type\": "
     "\"c\", "
     "\"node_id\": \"e\"}}",
     "1:15: namespace"},
    {"{\"namespace\": {\"instance_id\": \"a\", \"deployment_name\": \"b\", \"service_type\": "
     "\"c\", "
     "\"node_id\": \"d\"}}",
     "{\"namespace\": \"a.b.c.d\"}", ""},
    {"{\"history\": \"1h\"}", "{\"history\": \"60m\", \"interval\": 5}", ""},
    {"{\"history\": \"1h\"}", "{\"history\": \"2h\"}", "1:13: history"},
    {"{\"history\": 360}", "{\"history\": 360, \"interval\": 5}", ""},
    {"{\"history\": 360}", "{\"history\": \"1h\"}", "1:13: history"},
    {"{\"history\": 360}", "{}", "altimeter: history"},
    {"{\"state_dir\": \"/a\"}", "{\"state_dir\": \"/a/\"}", ""},
    {"{\"state_dir\": \"/a\"}", "{\"state_dir\": \"/b\"}", "1:15: state_dir"},
    {"{\"state_dir\": \"/a\"}", "{}", "altimeter: state_dir"},
    {"{}", "{\"state_dir\": \"/a\"}", "1:15: state_dir"},
    {"{\"state_size\": \"1M\"}", "{\"state_size\": 1048576}", ""},
    {"{\"state_size\": \"1M\"}", "{\"state_size\": \"2M\"}", "1:16: state_size"},
    {"{\"sync\": 1}", "{\"sync\": 1.5}", "1:10: sync"},
    {"{\"run_dir\": \"/a\"}", "{\"run_dir\": \"/b\"}", "1:13: run_dir"},
    {"{}", "{\"collector\": {\"proc\": \"/x\"}}", "1:24: collector.proc"},
    {"{}", "{\"history\": 7, \"sync\": 3}", "1:13: history,1:24: sync"},
};

static void only_these(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct captured before;
        struct captured after;
        char keys[128];
        const char *at = said;

        load(&before, cases[i].before);
        load(&after, cases[i].after);
        said[0] = '\0';
        fault_to(on_line, NULL);
        int result = config_fixed(&after.config, &before.config);
        fault_to(NULL, NULL);
        snprintf(keys, sizeof keys, "%s", cases[i].keys);
        if (result != (*keys ? -1 : 0))
            fail_msg("%s -> %s: %d, %s", cases[i].before, cases[i].after, result, said);
        for (char *key = strtok(keys, ","); key; key = strtok(NULL, ",")) {
            char wanted[256];
            snprintf(wanted, sizeof wanted, "%s: must stay as it is while altimeter runs", key);
            const char *found = strstr(at, wanted);
            if (!found) {
                fail_msg("%s -> %s: %s", cases[i].before, cases[i].after, said);
                return;
            }
            at = found;
        }
        captured_clean(&before);
        captured_clean(&after);
    }
}

/* What nobody configured stays as it is, whatever it would be now. */
static void what_was_not_given_stays(void **state)
{
    struct captured before;
    struct captured after;

    (void)state;
    load(&before, "{}");
    load(&after, "{\"interval\": 1}");
    free(before.config.namespace);
    before.config.namespace = strdup("the_host_s_old_name");
    uint64_t size = before.config.state_size_bytes;
    assert_true(after.config.state_size_bytes != size); /* for a history of an hour */
    assert_int_equal(config_fixed(&after.config, &before.config), 0);
    assert_string_equal(after.config.namespace, "the_host_s_old_name");
    assert_true(after.config.state_size_bytes == size);
    captured_clean(&before);
    captured_clean(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_these),
        cmocka_unit_test(what_was_not_given_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
