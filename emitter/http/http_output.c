#include "emitter/http/http_output.h"

#include <errno.h>
#include <sys/socket.h>

/* How many bytes the kernel took. */
static ssize_t write_parts(int fd, struct iovec *parts, size_t count)
{
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

    return sent < 0 && errno == EAGAIN ? 0 : sent;
}

int http_output_write(struct http_output *output, struct iovec *parts, size_t count)
{
    ssize_t sent = write_parts(output->fd, parts, count);

    if (sent < 0)
        return -1;
    size_t taken = (size_t)sent;
    for (size_t i = 0; i < count; i++) {
        size_t skip = taken < parts[i].iov_len ? taken : parts[i].iov_len;

        taken -= skip;
        if (skip < parts[i].iov_len)
            bytes_add(&output->rest, (const char *)parts[i].iov_base + skip,
                      parts[i].iov_len - skip);
    }
    return output->rest.failed ? -1 : 0;
}

ssize_t http_output_go_on(struct http_output *output)
{
    struct iovec part = {output->rest.data + output->sent, output->rest.len - output->sent};
    ssize_t sent = write_parts(output->fd, &part, 1);

    if (sent < 0)
        return -1;
    output->sent += (size_t)sent;
    if (output->sent == output->rest.len) {
        bytes_cut(&output->rest, 0);
        output->sent = 0;
    }
    return sent;
}

bool http_output_is_empty(const struct http_output *output)
{
    return output->rest.len == 0;
}

void http_output_clean(struct http_output *output)
{
    bytes_clean(&output->rest);
    output->sent = 0;
}
