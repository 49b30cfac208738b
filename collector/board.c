#include "collector/board.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PATH_BYTES (256 << 10)

struct entry {
    uint32_t path; /* where it begins in `paths` */
    uint64_t mount_id;
    struct statfs_result result;
};

/* `claimed` and CLOSED are one word, so that a claim and the closing cannot miss each other. */
#define CLOSED UINT32_C(0x80000000)

struct board {
    _Atomic uint32_t claimed; /* with CLOSED where no more may be */
    _Atomic uint32_t done;
    uint32_t count;
    uint32_t path_bytes; /* of `paths` in use */
    struct entry entries[BOARD_ENTRIES];
    char paths[PATH_BYTES];
};

struct board *board_new(void)
{
    void *memory =
        mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return NULL;
    board_clear(memory);
    return memory;
}

void board_free(struct board *board)
{
    if (board)
        munmap(board, sizeof *board);
}

void board_clear(struct board *board)
{
    atomic_store(&board->claimed, CLOSED);
    atomic_store(&board->done, 0);
    board->count = 0;
    board->path_bytes = 0;
}

int board_add(struct board *board, const char *path, uint64_t mount_id)
{
    size_t size = strlen(path) + 1;

    if (board->count == BOARD_ENTRIES || size > PATH_BYTES - board->path_bytes)
        return -1;
    board->entries[board->count] = (struct entry){.path = board->path_bytes, .mount_id = mount_id};
    memcpy(board->paths + board->path_bytes, path, size);
    board->path_bytes += (uint32_t)size;
    board->count++;
    return 0;
}

void board_open(struct board *board)
{
    atomic_store(&board->claimed, 0);
}

uint32_t board_done(const struct board *board)
{
    return atomic_load(&board->done);
}

uint32_t board_claimed(const struct board *board)
{
    return atomic_load(&board->claimed) & ~CLOSED;
}

bool board_close(struct board *board, uint32_t claimed)
{
    uint32_t expected = claimed;

    return atomic_compare_exchange_strong(&board->claimed, &expected, claimed | CLOSED) ||
           expected == (claimed | CLOSED);
}

struct statfs_result board_result(const struct board *board, uint32_t index)
{
    return board->entries[index].result;
}

/* The next entry's number, or `count` where there is none to be had. */
static uint32_t claim(struct board *board)
{
    uint32_t next = atomic_load(&board->claimed);

    while (next < board->count)
        if (atomic_compare_exchange_weak(&board->claimed, &next, next + 1))
            return next;
    return board->count;
}

void board_work(struct board *board)
{
    for (uint32_t i = claim(board); i < board->count; i = claim(board)) {
        struct entry *entry = &board->entries[i];

        statfs_read(board->paths + entry->path, entry->mount_id, &entry->result);
        atomic_store(&board->done, i + 1);
    }
}

void board_serve(void *board, pid_t agent)
{
    char byte = 0;

    (void)agent;
    while (read(STDIN_FILENO, &byte, 1) == 1) {
        board_work(board);
        if (write(STDIN_FILENO, &byte, 1) != 1)
            break;
    }
}
