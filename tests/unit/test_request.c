/* The head of a request: what it says, however it comes. */
#include "tests/unit/http/requests.h"

static void assert_part(struct request_part part, const char *expected)
{
    if (!expected) {
        assert_null(part.at);
        return;
    }
    assert_int_equal(part.len, strlen(expected));
    assert_memory_equal(part.at, expected, part.len);
}

static void assert_says(const struct request *request, const struct good *row)
{
    const char *end = strstr(row->text, HOST "\r\n");

    assert_part(request->method, row->method);
    assert_part(request->path, row->path);
    assert_part(request->query, row->query);
    assert_part(request->authorization, row->authorization);
    assert_int_equal(request->old, row->old);
    assert_int_equal(request->keep_alive, !row->closes);
    assert_int_equal(request->body_left, row->body_left);
    assert_int_equal(request->body_bytes, row->body_bytes);
    assert_int_equal(request->head_bytes,
                     end ? (size_t)(end - row->text) + strlen(HOST "\r\n") : row->len);
}

static void good_ones_say_what_they_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct request request = {0};
        char *bytes = copy_of(good[i].text, good[i].len);

        print_message("%s\n", good[i].text);
        assert_int_equal(request_parse(&request, bytes, good[i].len), REQUEST_WHOLE);
        assert_says(&request, &good[i]);
        assert_int_equal(request_parse(&request, bytes, good[i].len), REQUEST_WHOLE);
        assert_says(&request, &good[i]);
        free(bytes);
    }
}

/* However a request is cut into pieces, it says the same; and it is whole with its last byte. */
static void pieces_make_no_difference(void **state)
{
    static const size_t steps[] = {1, 2, 3, 7, 20, 50};

    (void)state;
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
            struct request request = {0};
            struct request cut = {0};

            assert_int_equal(feed(&request, good[i].text, good[i].len, steps[s]), REQUEST_WHOLE);
            assert_says(&request, &good[i]);
            assert_int_equal(feed(&cut, good[i].text, request.head_bytes - 1, steps[s]),
                             REQUEST_MORE);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones_say_what_they_say),
        cmocka_unit_test(pieces_make_no_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
