/* What is no request, or could be read in two ways, is refused; and it does no harm. */
#include "tests/unit/http/requests.h"

static const struct {
    const char *text;
    size_t len;
} bad[] = {
    /* request lines */
    {TEXT("\n")},
    {TEXT("\r\r\n")},
    {TEXT(" GET / HTTP/1.1\r\n" HOST "\r\n")},
    {TEXT("\0")},
    {TEXT("\x16\x03\x01")},
    {TEXT("GET\r\n")},
    {TEXT("GET /\r\n")},
    {TEXT("GET / \r\n")},
    {TEXT("GET  HTTP/1.1\r\n")},
    {TEXT("GET  / HTTP/1.1\r\n")},
    {TEXT("GET /  HTTP/1.1\r\n")},
    {TEXT("GET / HTTP/1.1 \r\n")},
    {TEXT("GET /a b HTTP/1.1\r\n")},
    {TEXT("GET\t/ HTTP/1.1\r\n")},
    {TEXT("GET /\t HTTP/1.1\r\n")},
    {TEXT("GET /\0 HTTP/1.1\r\n")},
    {TEXT("GET /\x7f HTTP/1.1\r\n")},
    {TEXT("GET /\r HTTP/1.1\r\n")},
    {TEXT("G\0T / HTTP/1.1\r\n")},
    {TEXT("GE(T / HTTP/1.1\r\n")},
    {TEXT("G\xc3\x84T / HTTP/1.1\r\n")},
    {TEXT("GET / HTTP/1.1\n")},
    {TEXT("GET / HTTP/1.1\r\r\n")},
    {TEXT("GET / http/1.1\r\n")},
    {TEXT("GET / HTTP/1\r\n")},
    {TEXT("GET / HTTP/1.\r\n")},
    {TEXT("GET / HTTP/1.x\r\n")},
    {TEXT("GET / HTTP/1.10\r\n")},
    {TEXT("GET / HTTP/01.1\r\n")},
    {TEXT("GET / HTTP/0.9\r\n")},
    {TEXT("GET / HTTP/9.9\r\n")},
    {TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
    {TEXT("GET / SIP/2.0\r\n")},
    /* lines of the header */
    {TEXT("GET / HTTP/1.1\r\n" HOST "no colon\r\n")},
    {TEXT("GET / HTTP/1.1\r\n" HOST ": no name\r\n")},
    {TEXT("GET / HTTP/1.1\r\n" HOST "A : b\r\n")},
    {TEXT("GET / HTTP/1.1\r\n" HOST "A\t: b\r\n")},
    {TEXT("GET / HTTP/1.1\r\n" HOST "A B: c\r\n")},
    {TEXT("GET / HTTP/1.1\r\n" HOST "\xe4: b\r\n")},
    {TEXT("GET / HTTP/1.1\r\n goes: on\r\n" HOST "\r\n")},
    {TEXT("GET / HTTP/1.1\r\n" HOST " goes on\r\n")},
    {TEXT("GET / HTTP/1.1\r\n" HOST "\tgoes: on\r\n")},
    {TEXT("GET / HTTP/1.1\r\n" HOST "A: b\n")},
    {TEXT("GET / HTTP/1.1\r\n" HOST "\n")},
    {TEXT("GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n")},
    {TEXT("GET / HTTP/1.1\r\n" HOST "A: b\r\r\n")},
    {TEXT("GET / HTTP/1.1\r\n" HOST "A: b\0c\r\n")},
    {TEXT("GET / HTTP/1.1\r\n" HOST "A: \x7f\r\n")},
    {TEXT("GET / HTTP/1.1\r\n" HOST "A: \x01\r\n")},
    /* hosts */
    {TEXT("GET / HTTP/1.1\r\n\r\n")},
    {TEXT("GET http://x/ HTTP/1.1\r\n\r\n")},
    {TEXT("GET / HTTP/1.1\r\nHost: x\r\nhost: x\r\n")},
    {TEXT("GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n")},
    {TEXT("GET / HTTP/1.1\r\nHost: x y\r\n")},
    {TEXT("GET / HTTP/1.1\r\nHost: x/y\r\n")},
    {TEXT("GET / HTTP/1.1\r\nHost: u@x\r\n")},
    {TEXT("GET / HTTP/1.1\r\nHost: \xe4\r\n")},
    /* tokens */
    {TEXT("GET / HTTP/1.1\r\nAuthorization: a\r\nauthorization: a\r\n")},
    /* bodies */
    {TEXT("PUT / HTTP/1.1\r\nContent-Length:\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: x\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: -1\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: +1\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: 0x1\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: 1 1\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: 1, 1\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: 1.0\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 2\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n" HOST "\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n" HOST "\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nTransfer-Encoding: \x0b"
          "chunked\r\n")},
    {TEXT("PUT / HTTP/1.1\r\nTransfer-Encoding:\r\n")},
};

static void bad_ones_are_refused(void **state)
{
    static const size_t steps[] = {1, 2, 7, 50, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *bytes = copy_of(bad[i].text, bad[i].len);

        print_message("%s\n", bad[i].text);
        for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
            struct request request = {0};

            assert_int_equal(feed(&request, bytes, bad[i].len, steps[s]), REQUEST_REFUSED);
        }
        free(bytes);
    }
}

/* A head of `len` bytes; with a single header that is long, or with many. */
static char *head_of(size_t len, bool many)
{
    static const char start[] = "GET / HTTP/1.1\r\n" HOST;
    static const char empty[] = "a:\r\n";
    static const char end[] = "\r\n\r\n";
    char *bytes = malloc(len + 1);
    size_t used = sizeof start - 1;

    assert_non_null(bytes);
    memcpy(bytes, start, sizeof start);
    for (; many && len - used > 20; used += sizeof empty - 1)
        memcpy(bytes + used, empty, sizeof empty);
    memset(bytes + used, 'x', len - used);
    bytes[used + 1] = ':';
    memcpy(bytes + len - (sizeof end - 1), end, sizeof end);
    return bytes;
}

static void the_head_has_a_limit(void **state)
{
    (void)state;
    for (int many = 0; many <= 1; many++) {
        for (size_t len = REQUEST_HEAD_MAX_BYTES - 3; len < REQUEST_HEAD_MAX_BYTES + 3; len++) {
            char *bytes = head_of(len, many);
            bool fits = len <= REQUEST_HEAD_MAX_BYTES;
            struct request request = {0};
            struct request dripped = {0};

            assert_int_equal(request_parse(&request, bytes, len),
                             fits ? REQUEST_WHOLE : REQUEST_REFUSED);
            assert_int_equal(feed(&dripped, bytes, len, 1), fits ? REQUEST_WHOLE : REQUEST_REFUSED);
            free(bytes);
        }
    }
}

static size_t spoil(char *bytes, size_t len)
{
    static const char odd[] = "\r\n \t:,?#/%\0\x7f\xffHT10";
    size_t at = any_below(len);

    switch (any_below(4)) {
    case 0:
        bytes[at] = odd[any_below(sizeof odd)];
        return len;
    case 1:
        bytes[at] = (char)any_below(256);
        return len;
    case 2:
        memmove(bytes + at, bytes + at + 1, len - at - 1);
        return len - 1;
    default:
        return at + 1;
    }
}

static void assert_within(struct request_part part, const char *bytes, size_t len)
{
    if (part.at)
        assert_true(part.at >= bytes && part.at + part.len <= bytes + len);
}

/* Requests that are spoilt somehow: the verdict does not depend on the pieces, nor leaves the
 * bytes.
 */
static void spoilt_ones_do_no_harm(void **state)
{
    size_t verdicts[3] = {0};

    (void)state;
    for (int round = 0; round < 20000; round++) {
        const struct good *row = &good[any_below(sizeof good / sizeof *good)];
        char *spoilt = copy_of(row->text, row->len);
        size_t len = row->len;
        for (size_t i = 1 + any_below(3); i > 0 && len > 1; i--)
            len = spoil(spoilt, len);
        char *bytes = copy_of(spoilt, len);
        struct request request = {0};
        struct request dripped = {0};
        enum request_state came = request_parse(&request, bytes, len);

        verdicts[came]++;
        assert_int_equal(feed(&dripped, bytes, len, 1 + any_below(9)), came);
        if (came == REQUEST_WHOLE) {
            assert_in_range(request.head_bytes, 1, len);
            assert_int_equal(dripped.head_bytes, request.head_bytes);
            assert_true(request.body_bytes <= REQUEST_BODY_MAX_BYTES);
            assert_within(request.method, bytes, len);
            assert_within(request.path, bytes, len);
            assert_within(request.query, bytes, len);
            assert_within(request.authorization, bytes, len);
        }
        free(bytes);
        free(spoilt);
    }
    print_message("%zu need more, %zu whole, %zu refused\n", verdicts[REQUEST_MORE],
                  verdicts[REQUEST_WHOLE], verdicts[REQUEST_REFUSED]);
    for (size_t i = 0; i < 3; i++)
        assert_true(verdicts[i] > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_ones_are_refused),
        cmocka_unit_test(the_head_has_a_limit),
        cmocka_unit_test(spoilt_ones_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
