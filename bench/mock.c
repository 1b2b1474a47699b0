// The benchmark's upstream: an OpenAI-compatible server in one thread that costs as little CPU as it can.
//   mock PORT
// A plain request is answered at once; one with "stream": true gets CHUNKS chunks, a usage chunk and [DONE].
// The model's name sets the pace: `mock` sends without a delay, `mock-i20` waits 20 ms between chunks.
// Each chunk is a write of its own and carries "~T<16 digits>", the monotonic microsecond of its sending.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHUNKS = 100, MOST_STREAMS = 4096, MOST_EVENTS = 512, INPUT_BYTES = 32768, OUTPUT_BYTES = 2048, NAME_BYTES = 64 };

typedef struct {
    int fd;                    // -1 once closed; a listed connection is freed by the next pass over the streams
    bool streaming;            // and so in `streams`
    int next_event;            // 0 to CHUNKS + 1
    int64_t interval_us;
    int64_t due_us;            // when the next event is to go out
    char model[NAME_BYTES];
    char input[INPUT_BYTES + 1];
    size_t input_length;
    char unsent[OUTPUT_BYTES];  // what a short write left over; nothing else is sent before it
    int unsent_length;
} Connection;

static int poller;
static Connection *streams[MOST_STREAMS];
static int stream_count;

static const char PLAIN_BODY[] =
    "{\"id\":\"chatcmpl-mock0123456789abcdefghijkl\",\"object\":\"chat.completion\",\"created\":1730000000,\"model\":\"%s\","
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"Once a fox met a dog by the railway. The dog "
    "asked where the trains go, and the fox said: wherever the pointsman sends them.\",\"refusal\":null},"
    "\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":21,\"completion_tokens\":32,"
    "\"total_tokens\":53,\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0}},"
    "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_mock\"}";
static const char CHUNK_START[] =
    "data: {\"id\":\"chatcmpl-mock\",\"object\":\"chat.completion.chunk\",\"created\":1730000000,\"model\":\"%s\",";
static const char STREAM_HEAD[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nx-request-id: req_mock\r\n"
    "transfer-encoding: chunked\r\n\r\n";

static int64_t now_us(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static void close_connection(Connection *connection) {
    close(connection->fd);
    connection->fd = -1;
    if (!connection->streaming) free(connection);
}

static void watch(Connection *connection, int change) {
    uint32_t wanted = EPOLLIN | EPOLLRDHUP | (connection->unsent_length ? EPOLLOUT : 0);
    struct epoll_event event = {.events = wanted, .data.ptr = connection};
    epoll_ctl(poller, change, connection->fd, &event);
}

static bool send_or_keep(Connection *connection, const char *bytes, int length) {
    int sent = send(connection->fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent < 0) sent = 0;
    if (sent == length) return true;
    connection->unsent_length = length - sent;
    memmove(connection->unsent, bytes + sent, connection->unsent_length);
    watch(connection, EPOLL_CTL_MOD);
    return true;
}

static bool send_unsent(Connection *connection) {
    int length = connection->unsent_length;
    connection->unsent_length = 0;
    if (!send_or_keep(connection, connection->unsent, length)) return false;
    if (!connection->unsent_length) watch(connection, EPOLL_CTL_MOD);
    return true;
}

static bool answer(Connection *connection, const char *status, const char *body) {
    char output[OUTPUT_BYTES];
    int length = snprintf(output, sizeof output,
                          "HTTP/1.1 %s\r\ncontent-type: application/json\r\nx-request-id: req_mock\r\n"
                          "content-length: %zu\r\n\r\n%s", status, strlen(body), body);
    return send_or_keep(connection, output, length);
}

static bool answer_plain(Connection *connection) {
    char body[OUTPUT_BYTES / 2];
    snprintf(body, sizeof body, PLAIN_BODY, connection->model);
    return answer(connection, "200 OK", body);
}

static int write_event(const Connection *connection, char *event, size_t size) {
    int number = connection->next_event;
    if (number > CHUNKS) return snprintf(event, size, "data: [DONE]\n\n");
    int length = snprintf(event, size, CHUNK_START, connection->model);
    if (number == CHUNKS)
        return length + snprintf(event + length, size - length,
                                 "\"choices\":[],\"usage\":{\"prompt_tokens\":21,\"completion_tokens\":%d,"
                                 "\"total_tokens\":%d}}\n\n", CHUNKS, CHUNKS + 21);
    return length + snprintf(event + length, size - length,
                             "\"choices\":[{\"index\":0,\"delta\":{%s\"content\":\"~T%016lld \"},\"finish_reason\":%s}]}\n\n",
                             number ? "" : "\"role\":\"assistant\",", (long long)now_us(),
                             number == CHUNKS - 1 ? "\"stop\"" : "null");
}

static bool send_event(Connection *connection) {
    char event[OUTPUT_BYTES / 4], output[OUTPUT_BYTES];
    int number = connection->next_event, length = write_event(connection, event, sizeof event);
    int total = snprintf(output, sizeof output, "%s%x\r\n%s\r\n%s", number ? "" : STREAM_HEAD, length, event,
                         number > CHUNKS ? "0\r\n\r\n" : "");
    connection->next_event++;
    if (connection->next_event < CHUNKS) connection->due_us += connection->interval_us;
    return send_or_keep(connection, output, total);
}

// The text after `"key":` and its spaces, or NULL.
static const char *find_value(const char *body, size_t length, const char *key) {
    const char *found = memmem(body, length, key, strlen(key));
    return found ? found + strlen(key) + strspn(found + strlen(key), ": ") : NULL;
}

static void read_model(Connection *connection, const char *body, size_t length) {
    const char *value = find_value(body, length, "\"model\"");
    size_t name_length = value && *value == '"' ? strcspn(value + 1, "\"\\") : 0;
    if (name_length >= NAME_BYTES) name_length = NAME_BYTES - 1;
    if (name_length) memcpy(connection->model, value + 1, name_length);
    connection->model[name_length] = 0;
    const char *pace = strstr(connection->model, "-i");
    connection->interval_us = pace ? atoi(pace + 2) * 1000LL : 0;
}

static bool serve_request(Connection *connection, const char *body, size_t length) {
    read_model(connection, body, length);
    const char *stream = find_value(body, length, "\"stream\"");
    if (!stream || strncmp(stream, "true", 4) != 0) return answer_plain(connection);
    if (stream_count == MOST_STREAMS) return answer(connection, "503 Service Unavailable", "{}");
    connection->streaming = true;
    connection->next_event = 0;
    connection->due_us = now_us();
    streams[stream_count++] = connection;
    return true;
}

// Serves what has arrived whole; false when the connection is of no more use.
static bool serve_input(Connection *connection) {
    while (!connection->streaming && !connection->unsent_length && connection->input_length) {
        connection->input[connection->input_length] = 0;
        char *head_end = strstr(connection->input, "\r\n\r\n");
        if (!head_end) return connection->input_length < INPUT_BYTES;
        char *body = head_end + 4, *field = strcasestr(connection->input, "\r\ncontent-length:");
        if (!field || field > head_end) return answer(connection, "411 Length Required", "{}") && false;
        size_t body_length = strtoul(field + strlen("\r\ncontent-length:"), NULL, 10);
        size_t total = (size_t)(body - connection->input) + body_length;
        if (total > connection->input_length) return total <= INPUT_BYTES;
        if (!serve_request(connection, body, body_length)) return false;
        memmove(connection->input, connection->input + total, connection->input_length - total);
        connection->input_length -= total;
    }
    return true;
}

static bool receive(Connection *connection) {
    size_t room = INPUT_BYTES - connection->input_length;
    if (!room) return false;
    ssize_t received = recv(connection->fd, connection->input + connection->input_length, room, 0);
    if (received <= 0) return received < 0 && errno == EAGAIN;
    connection->input_length += received;
    return true;
}

static void serve_connection(Connection *connection, uint32_t happened) {
    bool alive = !(happened & (EPOLLERR | EPOLLHUP | EPOLLRDHUP));
    if (alive && happened & EPOLLOUT) alive = send_unsent(connection);
    if (alive && happened & EPOLLIN) alive = receive(connection);
    if (alive) alive = serve_input(connection);
    if (!alive) close_connection(connection);
}

static void accept_all(int listener) {
    int fd, yes = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        Connection *connection = calloc(1, sizeof *connection);
        if (!connection) { close(fd); continue; }
        connection->fd = fd;
        watch(connection, EPOLL_CTL_ADD);
    }
}

// One event for every stream that is due, so that no stream waits for another's whole answer.
static void advance_streams(void) {
    int64_t now = now_us();
    for (int place = 0; place < stream_count;) {
        Connection *connection = streams[place];
        bool open = connection->fd >= 0, due = open && !connection->unsent_length && connection->due_us <= now;
        if (due && !send_event(connection)) { close(connection->fd); connection->fd = -1; open = false; }
        if (open && connection->next_event <= CHUNKS + 1) { place++; continue; }
        streams[place] = streams[--stream_count];
        connection->streaming = false;
        if (!open) free(connection);
        else if (!serve_input(connection)) close_connection(connection);
    }
}

static int next_wait_ms(void) {
    int64_t now = now_us(), first_us = INT64_MAX;
    for (int place = 0; place < stream_count; place++) {
        Connection *connection = streams[place];
        if (connection->fd < 0) return 0;
        if (!connection->unsent_length && connection->due_us < first_us) first_us = connection->due_us;
    }
    if (first_us == INT64_MAX) return -1;
    return first_us <= now ? 0 : (int)((first_us - now + 999) / 1000);
}

static int listen_on(int port) {
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror("mock: cannot listen");
        exit(1);
    }
    return listener;
}

int main(int argument_count, char **arguments) {
    if (argument_count != 2) { fprintf(stderr, "usage: mock PORT\n"); return 2; }
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_on(atoi(arguments[1]));
    poller = epoll_create1(0);
    struct epoll_event listening = {.events = EPOLLIN, .data.ptr = NULL}, events[MOST_EVENTS];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &listening);
    for (;;) {
        int ready = epoll_wait(poller, events, MOST_EVENTS, next_wait_ms());
        for (int place = 0; place < ready; place++) {
            if (events[place].data.ptr) serve_connection(events[place].data.ptr, events[place].events);
            else accept_all(listener);
        }
        advance_streams();
    }
}
