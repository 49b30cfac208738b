/*
 * Requests as they are to be, and ways to feed them to the parser.
 */
#ifndef TESTS_UNIT_HTTP_REQUESTS_H
#define TESTS_UNIT_HTTP_REQUESTS_H

#include "emitter/http/request.h"
#include "tests/unit/http/any.h"
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#define HOST "Host: x\r\n"
#define TEXT(text) text, sizeof text - 1

static const struct good {
    const char *text;
    size_t len;
    const char *method;
    const char *path;
    const char *query;         /* NULL: none */
    const char *authorization; /* NULL: none */
    bool old;
    bool closes;
    bool body_left;
    size_t body_bytes;
} good[] = {
    {TEXT("GET / HTTP/1.1\r\n" HOST "\r\n"), .method = "GET", .path = "/"},
    {TEXT("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), .method = "GET", .path = "/"},
    {TEXT("GET /a?b HTTP/1.1\r\nhOST:x\r\n\r\n"), .method = "GET", .path = "/a", .query = "b"},
    {TEXT("GET /a? HTTP/1.9\r\nHost:\r\n\r\n"), .method = "GET", .path = "/a", .query = ""},
    {TEXT("GET /a?b?c#d?e HTTP/1.1\r\n" HOST "\r\n"), .method = "GET", .path = "/a",
     .query = "b?c"},
    {TEXT("GET /a#b?c HTTP/1.1\r\n" HOST "\r\n"), .method = "GET", .path = "/a"},
    {TEXT("GET ?b HTTP/1.1\r\n" HOST "\r\n"), .method = "GET", .path = "", .query = "b"},
    {TEXT("GET /%00\xff HTTP/1.1\r\n" HOST "\r\n"), .method = "GET", .path = "/%00\xff"},
    {TEXT("GET //a://b HTTP/1.1\r\n" HOST "\r\n"), .method = "GET", .path = "//a://b"},
    {TEXT("GET http://h:1/a?b HTTP/1.1\r\n" HOST "\r\n"), .method = "GET", .path = "/a",
     .query = "b"},
    {TEXT("GET HTTP://h HTTP/1.1\r\n" HOST "\r\n"), .method = "GET", .path = ""},
    {TEXT("GET http://h?/b HTTP/1.1\r\n" HOST "\r\n"), .method = "GET", .path = "", .query = "/b"},
    {TEXT("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), .method = "OPTIONS", .path = "*"},
    {TEXT("CONNECT h:1 HTTP/1.1\r\n" HOST "\r\n"), .method = "CONNECT", .path = "h:1"},
    {TEXT("g!#$%&'*+-.^_`|~9 / HTTP/1.1\r\n" HOST "\r\n"), .method = "g!#$%&'*+-.^_`|~9",
     .path = "/"},
    {TEXT("GET / HTTP/1.1\r\nHost: [::1]:7070\r\nX:\t\x80 \"(),/:;<=>?@[\\]{}\t\r\n\r\n"),
     .method = "GET", .path = "/"},
    /* the versions, and what becomes of the connection */
    {TEXT("GET / HTTP/1.0\r\n\r\n"), .method = "GET", .path = "/", .old = true, .closes = true},
    {TEXT("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), .method = "GET", .path = "/",
     .old = true},
    {TEXT("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"), .method = "GET", .path = "/",
     .old = true, .closes = true},
    {TEXT("GET / HTTP/1.1\r\nConnection: ,x , CLOSE\r\n" HOST "\r\n"), .method = "GET", .path = "/",
     .closes = true},
    {TEXT("GET / HTTP/1.1\r\nConnection: close\r\nConnection: keep-alive\r\n" HOST "\r\n"),
     .method = "GET", .path = "/", .closes = true},
    {TEXT("GET / HTTP/1.1\r\nConnection: closed\r\nConnection:\r\n" HOST "\r\n"), .method = "GET",
     .path = "/"},
    /* tokens */
    {TEXT("GET / HTTP/1.1\r\nauthorization: \t Bearer  t \t\r\n" HOST "\r\n"), .method = "GET",
     .path = "/", .authorization = "Bearer  t"},
    {TEXT("GET / HTTP/1.1\r\nAuthorization:\r\n" HOST "\r\n"), .method = "GET", .path = "/",
     .authorization = ""},
    {TEXT("GET / HTTP/1.1\r\nX-Authorization: t\r\n" HOST "\r\n"), .method = "GET", .path = "/"},
    /* bodies */
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: 0\r\n" HOST "\r\n"), .method = "PUT", .path = "/"},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: 07\r\nContent-Length: 7\r\n" HOST "\r\nabcdefg"),
     .method = "PUT", .path = "/", .body_bytes = 7},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: 8192\r\n" HOST "\r\n"), .method = "PUT", .path = "/",
     .body_bytes = REQUEST_BODY_MAX_BYTES},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: 8193\r\n" HOST "\r\n"), .method = "PUT", .path = "/",
     .body_left = true},
    {TEXT("PUT / HTTP/1.1\r\nContent-Length: 1000000000000000000\r\n" HOST "\r\n"), .method = "PUT",
     .path = "/", .body_left = true},
    {TEXT("PUT / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n" HOST "\r\n"), .method = "PUT",
     .path = "/", .body_left = true},
    {TEXT("PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 7\r\n" HOST "\r\n"),
     .method = "PUT", .path = "/", .body_left = true},
};

/* Exactly as long as they are, so that a sanitizer sees who reads on. */
static inline char *copy_of(const char *text, size_t len)
{
    char *copy = malloc(len);

    assert_non_null(copy);
    memcpy(copy, text, len);
    return copy;
}

/* Feeds more and more of it, up to `step` bytes each time; gives the first verdict. */
static inline enum request_state feed(struct request *request, const char *bytes, size_t len,
                                      size_t step)
{
    enum request_state came = REQUEST_MORE;

    for (size_t n = 0; came == REQUEST_MORE && n < len;) {
        size_t more = 1 + any_below(step);

        n = len - n > more ? n + more : len;
        came = request_parse(request, bytes, n);
        if (came == REQUEST_MORE)
            assert_int_equal(request->searched, n); /* what was looked at is not looked at again */
    }
    return came;
}

#endif
