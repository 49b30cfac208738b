/* The HTTP door: what is answered to what (SPEC 7). */
#include "tests/unit/http/door.h"

#include "emitter/ring/cursor.h"
#include "emitter/text.h"

#include <event2/buffer.h>
#include <jansson.h>

#define HOST "Host: x\r\n"
#define LAST HOST "Connection: close\r\n\r\n"

/* The latest `quantity` snapshots as they are to be answered; to be freed. */
static char *expected_json(const struct door *door, uint64_t quantity)
{
    struct bytes text = {0};
    struct ring_cursor cursor = {.next = ring_end(door->ring) - quantity};
    struct snapshot snapshot = {0};

    bytes_add(&text, "[\n", 2);
    for (uint64_t i = 0; i < quantity; i++) {
        assert_true(cursor_next(&cursor, door->ring, &snapshot));
        text_json(&text, door->series, &snapshot, i == 0);
    }
    cursor_clean(&cursor);
    bytes_add(&text, "\n]\n", 4);
    snapshot_clean(&snapshot);
    return (char *)text.data;
}

static void test_quantity(void **state)
{
    static const struct {
        const char *query;
        unsigned snapshots; /* 0: invalidQuantity */
    } rows[] = {
        {"", 3},
        {"?", 3},
        {"?quantity=1", 1},
        {"?quantity=2", 2},
        {"?quantity=3", 3},
        {"?quantity=4", 3},
        {"?quantity=999999999", 3},
        {"?qu%61ntity=%32", 2},
        {"?a=b&quantity=1&c", 1},
        {"?Quantity=x&quantity[]=7", 3},
        {"?quantity=1#fragment", 1},
        {"?quantity", 0},
        {"?quantity=", 0},
        {"?quantity=0", 0},
        {"?quantity=01", 0},
        {"?quantity=-1", 0},
        {"?quantity=+1", 0},
        {"?quantity=%2B1", 0},
        {"?quantity=1%20", 0},
        {"?quantity=1%00", 0},
        {"?quantity=1.0", 0},
        {"?quantity=1e1", 0},
        {"?quantity=0x1", 0},
        {"?quantity=%d9%a1", 0},
        {"?quantity=1000000000", 0},
        {"?quantity=99999999999999999999", 0},
        {"?quantity=1&quantity=1", 0},
        {"?quantity=1&quantity", 0},
        {"?quantity=all", 0},
    };
    struct door door;

    (void)state;
    door_open(&door, 3, 5, 2, (struct http_options){0});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char request[256];

        print_message("%s\n", rows[i].query);
        snprintf(request, sizeof request, "GET /metrics%s HTTP/1.1\r\n" LAST, rows[i].query);
        char *answer = ask(&door, request);
        char *json = expected_json(&door, rows[i].snapshots);
        assert_non_null(strstr(answer, "\r\nContent-Type: application/json\r\n"));
        assert_non_null(strstr(answer, rows[i].snapshots ? "HTTP/1.1 200 " : "HTTP/1.1 422 "));
        if (rows[i].snapshots)
            assert_string_equal(body_of(answer), json);
        else
            assert_non_null(strstr(answer, "\"error\": \"invalidQuantity\""));
        free(json);
        free(answer);
    }
    door_close(&door);
}

/* Everything that we answer ourselves is JSON, and tells nothing of the request. */
static void check_error(char *answer, int status, const char *error, const char *header)
{
    char line[32];

    snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
    assert_memory_equal(answer, line, strlen(line));
    assert_non_null(strstr(answer, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(answer, "\r\nCache-Control: no-store\r\n"));
    if (header)
        assert_non_null(strstr(answer, header));
    assert_null(strstr(answer, "secret"));

    json_t *object = json_loads(body_of(answer), 0, NULL);
    assert_non_null(object);
    assert_int_equal(json_object_size(object), 2);
    assert_string_equal(json_string_value(json_object_get(object, "error")), error);
    assert_non_null(json_string_value(json_object_get(object, "description")));
    json_decref(object);
}

static const char token[] = "Authorization: Bearer t0ken\r\n";
static const char challenge[] = "\r\nWWW-Authenticate: Bearer\r\n";
static const char allow[] = "\r\nAllow: GET, HEAD\r\n";
static const struct {
    const char *line;
    const char *headers;
    int status; /* 200: whole health or metrics */
    const char *error;
    const char *header;
} requests[] = {
    /* token, path, method, quantity: the first that is wrong is told */
    {"POST /secret?quantity=x", "", 401, "unauthorized", challenge},
    {"POST /secret?quantity=x", token, 404, "notFound", NULL},
    {"POST /metrics?quantity=secret", token, 405, "methodNotAllowed", allow},
    {"GET /metrics?quantity=secret", token, 422, "invalidQuantity", NULL},
    /* tokens */
    {"GET /metrics", token, 200, NULL, NULL},
    {"GET /metrics", "authorization: bEaReR t0ken\r\n", 200, NULL, NULL},
    {"GET /metrics", "Authorization: Bearer   t0ken  \r\n", 200, NULL, NULL},
    {"GET /metrics", "Authorization: Bearer t0ke\r\n", 401, "unauthorized", challenge},
    {"GET /metrics", "Authorization: Bearer t0kent0ken\r\n", 401, "unauthorized", challenge},
    {"GET /metrics", "Authorization: Bearer t0kenx\r\n", 401, "unauthorized", challenge},
    {"GET /metrics", "Authorization: Bearer T0KEN\r\n", 401, "unauthorized", challenge},
    {"GET /metrics", "Authorization: Bearer\r\n", 401, "unauthorized", challenge},
    {"GET /metrics", "Authorization: Bearert0ken\r\n", 401, "unauthorized", challenge},
    {"GET /metrics", "Authorization: Basic t0ken\r\n", 401, "unauthorized", challenge},
    {"GET /metrics", "Authorization: t0ken\r\n", 401, "unauthorized", challenge},
    /* paths */
    {"GET /v1/instances/red/metrics", token, 200, NULL, NULL},
    {"GET /v1/instances/r%65d/metrics", token, 200, NULL, NULL},
    {"GET http://secret/metrics", token, 200, NULL, NULL},
    {"GET /v1/instances/secret/metrics", token, 404, "notFound", NULL},
    {"GET /v1/instances/red/metrics/", token, 404, "notFound", NULL},
    {"GET /v1/instances//metrics", token, 404, "notFound", NULL},
    {"GET /metrics/", token, 404, "notFound", NULL},
    {"GET /METRICS", token, 404, "notFound", NULL},
    {"GET /metrics%00", token, 404, "notFound", NULL},
    {"GET //metrics", token, 404, "notFound", NULL},
    {"GET /", token, 404, "notFound", NULL},
    {"GET secret", token, 404, "notFound", NULL},
    {"OPTIONS *", token, 404, "notFound", NULL},
    {"CONNECT secret:1", token, 404, "notFound", NULL},
    /* methods */
    {"PUT /metrics", token, 405, "methodNotAllowed", allow},
    {"DELETE /metrics", token, 405, "methodNotAllowed", allow},
    {"OPTIONS /metrics", token, 405, "methodNotAllowed", allow},
    {"PATCH /metrics", token, 405, "methodNotAllowed", allow},
    {"TRACE /metrics", token, 405, "methodNotAllowed", allow},
    {"PROPFIND /metrics", token, 405, "methodNotAllowed", allow},
    {"get /metrics", token, 405, "methodNotAllowed", allow},
    {"POST /healthz", "", 405, "methodNotAllowed", allow},
};

static void test_errors(void **state)
{
    struct door door;

    (void)state;
    door_open(&door, 3, 3, 2, (struct http_options){.token = "t0ken", .instance_id = "red"});
    char *json = expected_json(&door, 3);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        char request[256];

        print_message("%s %s\n", requests[i].line, requests[i].headers);
        snprintf(request, sizeof request, "%s HTTP/1.1\r\n%s" LAST, requests[i].line,
                 requests[i].headers);
        char *answer = ask(&door, request);
        if (requests[i].status == 200)
            assert_string_equal(body_of(answer), json);
        else
            check_error(answer, requests[i].status, requests[i].error, requests[i].header);
        free(answer);
    }
    free(json);
    door_close(&door);
}

static void test_no_instance(void **state)
{
    struct door door;

    (void)state;
    door_open(&door, 3, 3, 2, (struct http_options){0});
    char *answer = ask(&door, "GET /v1/instances//metrics HTTP/1.1\r\n" LAST);
    check_error(answer, 404, "notFound", NULL);
    free(answer);
    door_close(&door);
}

static void test_health(void **state)
{
    static const struct {
        const char *token;
        const char *request;
        bool healthy;
        const char *status;
        const char *body;
    } rows[] = {
        {NULL, "GET /healthz HTTP/1.1\r\n" LAST, true, "200 OK", "{\"whole\": true}\n"},
        {NULL, "GET /healthz HTTP/1.1\r\n" LAST, false, "503 Service Unavailable",
         "{\"whole\": true}\n"},
        {"t", "GET /healthz HTTP/1.1\r\n" LAST, true, "200 OK", "{\"whole\": false}\n"},
        {"t", "GET /healthz?x HTTP/1.1\r\nAuthorization: Bearer u\r\n" LAST, false,
         "503 Service Unavailable", "{\"whole\": false}\n"},
        {"t", "GET /healthz HTTP/1.1\r\nAuthorization: Bearer t\r\n" LAST, true, "200 OK",
         "{\"whole\": true}\n"},
        {NULL, "HEAD /healthz HTTP/1.1\r\n" LAST, false, "503 Service Unavailable", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct door door;

        door_open(&door, 1, 1, 1, (struct http_options){.token = rows[i].token});
        door.healthy = rows[i].healthy;
        char *answer = ask(&door, rows[i].request);
        assert_non_null(strstr(answer, rows[i].status));
        assert_non_null(strstr(answer, "\r\nContent-Type: application/json\r\n"));
        assert_string_equal(body_of(answer), rows[i].body);
        free(answer);
        door_close(&door);
    }
}

/* HEAD has GET's status and headers, and no body. */
static void test_head(void **state)
{
    static const char *const targets[] = {"/metrics?quantity=1", "/metrics?quantity=x", "/x",
                                          "/healthz"};
    struct door door;

    (void)state;
    door_open(&door, 3, 3, 2, (struct http_options){0});
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        char request[128];

        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" LAST, targets[i]);
        char *get = ask(&door, request);
        snprintf(request, sizeof request, "HEAD %s HTTP/1.1\r\n" LAST, targets[i]);
        char *head = ask(&door, request);
        *body_of(get) = '\0';
        assert_non_null(strstr(get, "Content-Length: "));
        assert_string_equal(head, get);
        free(get);
        free(head);
    }
    door_close(&door);
}

static void test_unix_socket(void **state)
{
    struct door door;

    (void)state;
    char *directory = door_open_unix(&door, 3, (struct http_options){0});
    char *answer = ask(&door, "GET /metrics?quantity=1 HTTP/1.1\r\n" LAST);
    char *json = expected_json(&door, 1);
    assert_string_equal(body_of(answer), json);
    free(json);
    free(answer);
    door_close_unix(&door, directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantity),    cmocka_unit_test(test_errors),
        cmocka_unit_test(test_no_instance), cmocka_unit_test(test_health),
        cmocka_unit_test(test_head),        cmocka_unit_test(test_unix_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
