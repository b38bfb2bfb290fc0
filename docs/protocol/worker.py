#!/usr/bin/env python3
"""A worker of everwarm in Python's standard library: spawns what it is told, and answers.

usage: worker.py HOST PORT TOKEN NAME=COMMAND...   (allowed commands, e.g. everwarm-shard="node shard.js")
"""
import base64, json, os, shlex, signal, socket, struct, subprocess, sys, threading

host, port, token, *allowed = sys.argv[1:]
commands = {name: shlex.split(line) for name, line in (each.split("=", 1) for each in allowed)}
sock = socket.create_connection((host, int(port)))
sock.sendall((f"GET /worker HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
              f"Authorization: Bearer {token}\r\n\r\n").encode())
reader, lock, processes = sock.makefile("rb"), threading.Lock(), {}
if b" 101 " not in reader.readline():
    sys.exit("the coordinator refuses the connection")
while reader.readline().strip():
    pass

def send(payload, opcode=1):  # RFC 6455, section 5.2: clients mask what they send
    size, mask = len(payload), os.urandom(4)
    head = bytes([0x80 | opcode]) + (bytes([0x80 | size]) if size < 126 else struct.pack(">BH", 0xFE, size) if size < 65536
                                     else struct.pack(">BQ", 0xFF, size))
    with lock:
        sock.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

def tell(frame):
    send(json.dumps(frame).encode())

def pump(id, event, pipe):
    while data := pipe.read1(65536):
        tell({"id": id, "event": event, "data": base64.b64encode(data).decode()})

def run(id, command, args, options):
    try:
        env = {**os.environ, **options.get("env", {})}
        child = subprocess.Popen(commands[command] + args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env=env, start_new_session=True)
    except (KeyError, OSError) as error:
        why = {"code": "COMMAND_REFUSED", "message": f"{command} is not run here: {error!r}"}
        return tell({"id": id, "event": "close", "code": None, "error": why})
    processes[id] = child
    pumps = [threading.Thread(target=pump, args=(id, name, getattr(child, name))) for name in ("stdout", "stderr")]
    [each.start() for each in pumps], [each.join() for each in pumps]
    code = child.wait()
    tell({"id": id, "event": "close", "code": code if code >= 0 else None, "signal": None if code >= 0 else signal.Signals(-code).name})

tell({"hello": {"protocol": 1, "worker": {"name": "python", "capabilities": {"maxConcurrent": 2}}}})
while len(head := reader.read(2)) == 2:
    opcode, size = head[0] & 15, head[1] & 127
    size = struct.unpack(">H", reader.read(2))[0] if size == 126 else struct.unpack(">Q", reader.read(8))[0] if size == 127 else size
    payload = reader.read(size)
    if opcode == 9:
        send(payload, 10)  # a pong for each ping, or the coordinator takes the connection for dead
    elif opcode == 8:
        break
    elif opcode == 1:
        frame = json.loads(payload)
        if "error" in frame:
            sys.exit(f"{frame['error']['code']}: {frame['error']['message']}")
        if "spawn" in frame:
            threading.Thread(target=run, args=(frame["id"], *frame["spawn"]), daemon=True).start()
        elif "kill" in frame and frame["id"] in processes:
            os.killpg(processes[frame["id"]].pid, getattr(signal, frame["kill"]))
for child in processes.values():
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
