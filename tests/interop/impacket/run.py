"""impacket: its SMB3 connection class over each dialect that it knows, signed and encrypted, and its smbclient.py."""
import glob
import io
import os
import re
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
import server
import trees
from harness import PATIENCE, Failed, Skip, Suite, require, require_equal, run

# A file of this folder's parent would hide the package.
sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != os.path.dirname(HERE)]
from impacket import smb3structs as structs
from impacket import version
from impacket.dcerpc.v5 import lsad, lsat, srvs, transport, wkst
from impacket.smbconnection import SessionError, SMBConnection

DIALECTS = {"2.0.2": structs.SMB2_DIALECT_002, "2.1": structs.SMB2_DIALECT_21, "3.0": structs.SMB2_DIALECT_30,
            "3.1.1": structs.SMB2_DIALECT_311}


class Client:
    def __init__(self, dozo, folder, dialect, protection):
        self.dozo, self.dialect, self.protection = dozo, dialect, protection
        self.connections = []
        self.name = f"{dialect} {protection}"
        self.root = self.name.replace(".", "_").replace(" ", "_")
        self.on_disk = os.path.join(dozo.share_path("files"), self.root)
        self.folder = os.path.join(folder, self.root)
        os.makedirs(self.on_disk)
        os.makedirs(self.folder)

    def connect(self):
        smb = SMBConnection("STOREHOUSE", "127.0.0.1", sess_port=self.dozo.port,
                            preferredDialect=DIALECTS[self.dialect], timeout=PATIENCE)
        smb.login(server.USER, server.PASSWORD)
        self.connections.append(smb)
        return smb

    def close(self):
        """What a case that failed has left."""
        for smb in self.connections:
            if smb.getSMBServer()._NetBIOSSession:
                smb.getSMBServer()._NetBIOSSession.close()
        self.connections.clear()


def status_of(function, *arguments):
    try:
        function(*arguments)
    except SessionError as problem:
        return problem.getErrorString()[0]
    return "STATUS_SUCCESS"


# --- Cases ----------------------------------------------------------------------------------------------------------

def connects(c):
    smb = c.connect()
    require_equal(smb.getDialect(), DIALECTS[c.dialect], "dialect")
    require_equal(bool(smb.isSigningRequired()), True, "signing required")
    require_equal(bool(smb.isGuestSession()), False, "a guest's session")
    mine = [s for s in c.dozo.status()["sessions"] if s["user"] == server.USER]
    if c.dozo.status()["counts"]:
        require_equal(mine[0]["dialect"], c.dialect, "dialect of dozo status")
        require_equal(mine[0]["cipher"] is not None, c.protection == "encrypted", "a cipher")
    names = [share["shi1_netname"].rstrip("\0") for share in smb.listShares()]
    require({"files", "IPC$"} <= set(names), f"listShares: {names}")
    smb.close()


def copy_in(smb, local, remote):
    smb.createDirectory("files", remote)
    for entry in os.scandir(local):
        target = remote + "\\" + entry.name
        if entry.is_dir():
            copy_in(smb, entry.path, target)
        else:
            with open(entry.path, "rb") as file:
                smb.putFile("files", target, file.read)


def copy_out(smb, remote, local):
    os.makedirs(local)
    for entry in smb.listPath("files", remote + "\\*"):
        name = entry.get_longname()
        if name in (".", ".."):
            continue
        if entry.is_directory():
            copy_out(smb, remote + "\\" + name, os.path.join(local, name))
            continue
        with open(os.path.join(local, name), "wb") as file:
            smb.getFile("files", remote + "\\" + name, file.write)
        require_equal(os.path.getsize(os.path.join(local, name)), entry.get_filesize(), f"size of {name} as listed")


def delete(smb, remote):
    for entry in smb.listPath("files", remote + "\\*"):
        name = entry.get_longname()
        if name not in (".", ".."):
            path = remote + "\\" + name
            delete(smb, path) if entry.is_directory() else smb.deleteFile("files", path)
    smb.deleteDirectory("files", remote)


def tree(c, source):
    smb = c.connect()
    copy_in(smb, source, c.root + "\\tree")
    trees.require_same(source, os.path.join(c.on_disk, "tree"), "copied in")
    back = os.path.join(c.folder, "back")
    copy_out(smb, c.root + "\\tree", back)
    trees.require_same(source, back, "copied out")
    delete(smb, c.root + "\\tree")
    require(not os.path.exists(os.path.join(c.on_disk, "tree")), "the tree is there after deleting it")
    smb.close()


def names(c):
    smb = c.connect()
    smb.createDirectory("files", c.root + "\\names")
    path = c.root + "\\names\\"
    smb.putFile("files", path + "öne", io.BytesIO(b"1").read)
    require_equal(status_of(smb.createDirectory, "files", path + "öne"), "STATUS_OBJECT_NAME_COLLISION", "mkdir")
    smb.rename("files", path + "öne", path + "zwei")
    require_equal(os.listdir(os.path.join(c.on_disk, "names")), ["zwei"], "after rename")
    require_equal(status_of(smb.deleteFile, "files", path + "öne"), "STATUS_OBJECT_NAME_NOT_FOUND", "deleteFile")
    require_equal(status_of(smb.listPath, "files", path + "none*"), "STATUS_NO_SUCH_FILE", "listPath")
    smb.createDirectory("files", path + "folder")
    smb.rename("files", path + "zwei", path + "folder\\drei")
    require_equal(status_of(smb.deleteDirectory, "files", path + "folder"), "STATUS_DIRECTORY_NOT_EMPTY", "rmdir")
    require_equal(status_of(smb.rename, "files", path + "no", path + "x"), "STATUS_OBJECT_NAME_NOT_FOUND", "rename")
    delete(smb, c.root + "\\names")
    require(not os.path.exists(os.path.join(c.on_disk, "names")), "the folder is there after deleting it")
    smb.close()


def file_io(c):
    """openFile, writeFile and readFile at offsets, sizes over several credits, and what stat says."""
    smb = c.connect()
    tid = smb.connectTree("files")
    content = os.urandom(1048576 + 300017)
    fid = smb.createFile(tid, c.root + "\\io")
    smb.writeFile(tid, fid, content)
    smb.writeFile(tid, fid, b"patched", 1048576 - 3)
    content = content[:1048573] + b"patched" + content[1048580:]
    require_equal(smb.readFile(tid, fid, 1048570, 20), content[1048570:1048590], "readFile at an offset")
    size = smb.queryInfo(tid, fid)["EndOfFile"]
    require_equal(size, len(content), "EndOfFile")
    smb.closeFile(tid, fid)
    with open(os.path.join(c.on_disk, "io"), "rb") as file:
        require(file.read() == content, "the file on disk differs")
    smb.disconnectTree(tid)
    smb.deleteFile("files", c.root + "\\io")
    smb.close()


def shares_and_logons(c):
    smb = c.connect()
    require_equal(status_of(smb.connectTree, "nothing"), "STATUS_BAD_NETWORK_NAME", "connectTree")
    require_equal(smb.logoff(), True, "logoff")
    smb = SMBConnection("STOREHOUSE", "127.0.0.1", sess_port=c.dozo.port, preferredDialect=DIALECTS[c.dialect])
    require_equal(status_of(smb.login, server.USER, "wrong"), "STATUS_LOGON_FAILURE", "a bad password")
    smb.close()
    smb = SMBConnection("STOREHOUSE", "127.0.0.1", sess_port=c.dozo.port, preferredDialect=DIALECTS[c.dialect])
    require(status_of(smb.login, "", "") in ("STATUS_LOGON_FAILURE", "STATUS_ACCESS_DENIED"), "an anonymous logon")
    smb.close()


def pipe(smb, name, uuid):
    over = transport.SMBTransport("STOREHOUSE", filename="\\" + name, smb_connection=smb)
    rpc = over.get_dce_rpc()
    rpc.connect()
    rpc.bind(uuid)
    return rpc


def rpc(c):
    smb = c.connect()
    service = pipe(smb, "srvsvc", srvs.MSRPC_UUID_SRVS)
    shares = srvs.hNetrShareEnum(service, 1)["InfoStruct"]["ShareInfo"]["Level1"]["Buffer"]
    require("files" in [s["shi1_netname"].rstrip("\0") for s in shares], "NetrShareEnum")
    one = srvs.hNetrShareGetInfo(service, "files\0", 1)["InfoStruct"]["ShareInfo1"]
    require_equal(one["shi1_remark"].rstrip("\0"), "all the files", "NetrShareGetInfo's remark")
    info = srvs.hNetrServerGetInfo(service, 101)["InfoStruct"]["ServerInfo101"]
    require_equal(info["sv101_name"].rstrip("\0"), "STOREHOUSE", "NetrServerGetInfo's name")
    require(srvs.hNetrRemoteTOD(service)["BufferPtr"]["tod_year"] > 2000, "NetrRemoteTOD")
    service.disconnect()
    service = pipe(smb, "wkssvc", wkst.MSRPC_UUID_WKST)
    info = wkst.hNetrWkstaGetInfo(service, 100)["WkstaInfo"]["WkstaInfo100"]
    require_equal(info["wki100_computername"].rstrip("\0"), "STOREHOUSE", "NetrWkstaGetInfo's name")
    service.disconnect()
    service = pipe(smb, "lsarpc", lsat.MSRPC_UUID_LSAT)
    policy = lsad.hLsarOpenPolicy2(service, lsat.POLICY_LOOKUP_NAMES)["PolicyHandle"]
    found = lsat.hLsarLookupNames(service, policy, (server.USER,))["TranslatedSids"]["Sids"][0]
    require_equal(found["Use"], 1, "LsarLookupNames: SidTypeUser")
    try:
        lsat.hLsarLookupNames(service, policy, ("no-such-user",))
        raise Failed("LsarLookupNames knows somebody who is not there")
    except lsad.DCERPCSessionError as problem:
        require("NONE_MAPPED" in str(problem), str(problem))
    service.disconnect()
    smb.close()


def shell(dozo, folder, source):
    """The example program: shares, use, mkdir, put, ls, get, mget, cat, rm, rmdir."""
    if not glob.glob("/usr/share/doc/python3-impacket/examples/smbclient.py"):
        raise Skip("this installation has no documentation, and with it no examples")
    file = os.path.join(folder, "hello.txt")
    with open(file, "w") as out:
        out.write("hello from the shell")
    commands = os.path.join(folder, "commands")
    with open(commands, "w") as out:
        out.write("\n".join(["shares", "use files", "mkdir shell", "cd shell", f"put {file}", "ls", "cat hello.txt",
                             "mkdir sub", "ls", "rmdir sub", f"lcd {folder}/down", "get hello.txt", "mget hello*",
                             "pwd", "rm hello.txt", "ls", "cd ..", "rmdir shell", "exit", ""]))
    os.makedirs(os.path.join(folder, "down"))
    target = f"{server.USER}:{server.PASSWORD}@127.0.0.1"
    done = run([sys.executable, os.path.join(HERE, "shell.py"), target, "-file", commands], cwd=folder,
               environment={"DOZO_PORT": str(dozo.port)})
    require_equal(done.returncode, 0, f"exit status, {done.stdout[-500:]}")
    wrong = re.search(r".*(\[-\]|STATUS_(?!SUCCESS)\w+).*", done.stdout)
    require(not wrong, wrong and wrong.group(0))
    for text in ("files", "IPC$", "hello from the shell", "\\shell"):
        require(text in done.stdout, f"no {text!r} in {done.stdout[-500:]}")
    require(re.search(r"-rw-rw-rw- +20 .*hello\.txt", done.stdout), f"ls: {done.stdout[-500:]}")
    with open(os.path.join(folder, "down", "hello.txt")) as back:
        require_equal(back.read(), "hello from the shell", "the file that came back")
    require("shell" not in os.listdir(dozo.share_path("files")), "rmdir left the folder")


# --- The suite ------------------------------------------------------------------------------------------------------

def knows_311():
    """0.10 and older derive the keys of 3.1.1 wrongly: smbd refuses them too."""
    number = re.match(r"(?:v|Impacket v)?(\d+)\.(\d+)", version.version if hasattr(version, "version") else "0.10")
    return not number or tuple(map(int, number.groups())) > (0, 10)


def run_client(suite, c, source):
    def case(name, function, *arguments):
        if c.dialect == "3.1.1" and not knows_311():
            suite.skip(f"{c.name}: {name}", "this impacket derives 3.1.1's keys wrongly, and fails with smbd too")
            return
        suite.case(f"{c.name}: {name}", function, c, *arguments)
        c.close()

    case("connects and lists shares", connects)
    case("tree in and out and deleted", tree, source)
    case("names", names)
    case("file I/O", file_io)
    case("shares and logons", shares_and_logons)
    case("srvsvc, wkssvc, lsarpc", rpc)


def main():
    suite = Suite("impacket")
    folder = tempfile.mkdtemp(prefix="dozo-impacket-")
    share = server.Share("files", comment="all the files")
    try:
        # impacket counts characters where a name's length is in units of UTF-16.
        source = trees.make(os.path.join(folder, "source"), 150, astral=False)
        # impacket encrypts wherever the server is able to.
        with server.start(suite, "signed", [share], encryption="off") as dozo:
            for dialect in DIALECTS:
                run_client(suite, Client(dozo, os.path.join(folder, "s"), dialect, "signed"), source)
        with server.start(suite, "encrypted", [share], encryption="required") as dozo:
            for dialect in ("3.0", "3.1.1"):
                run_client(suite, Client(dozo, os.path.join(folder, "e"), dialect, "encrypted"), source)
            suite.case("smbclient.py", shell, dozo, os.path.join(folder, "e"), source)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
