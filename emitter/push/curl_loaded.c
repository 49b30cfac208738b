#include "emitter/push/curl_library.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define LIBRARY "libcurl.so.4"

#define EACH_FUNCTION(DO)                                                                          \
    DO(curl_easy_cleanup)                                                                          \
    DO(curl_easy_getinfo)                                                                          \
    DO(curl_easy_init)                                                                             \
    DO(curl_easy_recv)                                                                             \
    DO(curl_easy_send)                                                                             \
    DO(curl_easy_setopt)                                                                           \
    DO(curl_easy_strerror)                                                                         \
    DO(curl_global_init)                                                                           \
    DO(curl_multi_add_handle)                                                                      \
    DO(curl_multi_assign)                                                                          \
    DO(curl_multi_cleanup)                                                                         \
    DO(curl_multi_info_read)                                                                       \
    DO(curl_multi_init)                                                                            \
    DO(curl_multi_perform)                                                                         \
    DO(curl_multi_remove_handle)                                                                   \
    DO(curl_multi_setopt)                                                                          \
    DO(curl_multi_socket_action)                                                                   \
    DO(curl_version_info)

#define POINTER(name) __typeof__(name) *(name);
#define FIND(name) found.name = (__typeof__(name) *)dlsym(library, #name);
#define IS_MISSING(name) || !found.name

struct functions {
    EACH_FUNCTION(POINTER)
};

static struct {
    bool loaded;
    struct functions functions;
} curl;

int curl_library_load(const char **why)
{
    struct functions found;

    if (curl.loaded)
        return 0;
    void *library = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
    if (!library) {
        *why = dlerror();
        return -1;
    }
    EACH_FUNCTION(FIND)
    if (false EACH_FUNCTION(IS_MISSING)) {
        *why = LIBRARY " is another library, or too old";
        dlclose(library);
        return -1;
    }
    curl.functions = found;
    curl.loaded = true;
    return 0;
}

void curl_easy_cleanup(CURL *easy)
{
    curl.functions.curl_easy_cleanup(easy);
}

CURL *curl_easy_init(void)
{
    return curl.functions.curl_easy_init();
}

CURLcode curl_easy_recv(CURL *easy, void *buffer, size_t len, size_t *received)
{
    return curl.functions.curl_easy_recv(easy, buffer, len, received);
}

CURLcode curl_easy_send(CURL *easy, const void *buffer, size_t len, size_t *sent)
{
    return curl.functions.curl_easy_send(easy, buffer, len, sent);
}

const char *curl_easy_strerror(CURLcode code)
{
    return curl.functions.curl_easy_strerror(code);
}

/* All that is asked for is stored through a pointer. */
CURLcode(curl_easy_getinfo)(CURL *easy, CURLINFO info, ...)
{
    va_list args;

    va_start(args, info);
    void *result = va_arg(args, void *);
    va_end(args);
    return (curl.functions.curl_easy_getinfo)(easy, info, result);
}

/* No option of a third type, curl_off_t, is used. */
CURLcode(curl_easy_setopt)(CURL *easy, CURLoption option, ...)
{
    bool is_number = (unsigned)option < CURLOPTTYPE_OBJECTPOINT;
    va_list args;

    va_start(args, option);
    long number = is_number ? va_arg(args, long) : 0;
    void *pointer = is_number ? NULL : va_arg(args, void *);
    va_end(args);
    return is_number ? (curl.functions.curl_easy_setopt)(easy, option, number)
                     : (curl.functions.curl_easy_setopt)(easy, option, pointer);
}

CURLcode curl_global_init(long flags)
{
    return curl.functions.curl_global_init(flags);
}

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy)
{
    return curl.functions.curl_multi_add_handle(multi, easy);
}

CURLMcode curl_multi_assign(CURLM *multi, curl_socket_t fd, void *pointer)
{
    return curl.functions.curl_multi_assign(multi, fd, pointer);
}

CURLMcode curl_multi_cleanup(CURLM *multi)
{
    return curl.functions.curl_multi_cleanup(multi);
}

CURLMsg *curl_multi_info_read(CURLM *multi, int *left)
{
    return curl.functions.curl_multi_info_read(multi, left);
}

CURLM *curl_multi_init(void)
{
    return curl.functions.curl_multi_init();
}

CURLMcode curl_multi_perform(CURLM *multi, int *running)
{
    return curl.functions.curl_multi_perform(multi, running);
}

CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
    return curl.functions.curl_multi_remove_handle(multi, easy);
}

/* Functions and what they are given: pointers, all of them. */
CURLMcode(curl_multi_setopt)(CURLM *multi, CURLMoption option, ...)
{
    va_list args;

    va_start(args, option);
    void *value = va_arg(args, void *);
    va_end(args);
    return (curl.functions.curl_multi_setopt)(multi, option, value);
}

CURLMcode curl_multi_socket_action(CURLM *multi, curl_socket_t fd, int events, int *running)
{
    return curl.functions.curl_multi_socket_action(multi, fd, events, running);
}

curl_version_info_data *curl_version_info(CURLversion version)
{
    return curl.functions.curl_version_info(version);
}
