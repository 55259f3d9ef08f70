import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadbench.machine.secrets import redact, redact_command, secret_values

SECRETS = st.text(string.ascii_letters + string.digits + "/+=._-", min_size=8, max_size=40)
PLAIN = st.text(string.ascii_letters + string.digits + " /.,:\n", max_size=40)
NAMES = st.sampled_from(
    [
        *("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "HF_TOKEN", "hf_token", "OPENAI_API_KEY"),
        *("PASSWORD", "MY_PASSWORD", "DB_PASSWORD_OLD", "CLIENT_SECRET", "AZURE_STORAGE_CONNECTION_STRING"),
    ]
)


@given(NAMES, SECRETS, PLAIN, PLAIN)
def test_the_value_of_a_secret_variable_never_leaks(name: str, secret: str, before: str, after: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, secret)
        for text in (f"{before}{secret}{after}", f"{before}{quote(secret, safe='')}{after}"):
            hidden = redact(text)
            if secret not in before + after:
                assert secret not in hidden
                assert quote(secret, safe="") not in hidden
            assert redact(hidden) == hidden


@given(st.text())
def test_redacting_twice_changes_nothing(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(
    st.lists(
        st.sampled_from(
            [
                "https://",
                "user:",
                "@",
                "token=",
                '"',
                "Bearer ",
                "Authorization: ",
                " ",
                "&",
                "abc",
                ":",
                "\n",
                "***",
                "'",
                "sig=",
            ]
        )
    )
)
def test_redacting_twice_changes_nothing_in_what_looks_like_secrets(parts: list[str]) -> None:
    text = "".join(parts)
    assert redact(redact(text)) == redact(text)


@given(SECRETS.map(lambda secret: quote(secret, safe="")))
def test_forms_that_carry_secrets(secret: str) -> None:
    for form in (
        f"https://user:{secret}@host/path",
        f"https://{secret}@github.com/x",
        f"https://user:p@{secret}@host/path",
        f"s3://bucket/key?X-Amz-Credential=x&X-Amz-Signature={secret}&X-Amz-Date=1",
        f"https://a.blob.core.windows.net/c?sv=1&sig={secret}",
        f"https://host/?a=1&token={secret}",
        f"X-Amz-Security-Token={secret}",
        f"Authorization: Bearer {secret}",
        f"authorization: Basic {secret}",
        f"sent bearer {secret}",
        f'{{"hf_token": "{secret}", "b": 1}}',
        f"{{'password': '{secret} {secret}'}}",
        f"aws_secret_access_key = {secret}",
        f"--api-key={secret}",
        f"AccountName=a;access_key={secret};x=1",
    ):
        assert secret not in redact(f"loading {form} failed").replace("***", "")


def test_what_is_not_secret_stays() -> None:
    for text in (
        "safetensors-mmap/gpt2/device=cpu/cache=cold/threads=8",
        "s3://bucket/models/llama/model-00001-of-00004.safetensors",
        "user@host: 3 tensors, tokens 512, sha256 0123456789abcdef0123456789abcdef",
        "https://huggingface.co/openai-community/gpt2/resolve/main/model.safetensors?download=true",
        "git.commit 05683d10f903f3b2ff30d19dfd379242997ddd09",
    ):
        assert redact(text) == text


def test_the_rest_of_a_url_stays_readable() -> None:
    assert redact("https://me:pw@host:8080/a?b=1") == "https://***@host:8080/a?b=1"
    assert (
        redact("s3://b/k?X-Amz-Signature=abc&X-Amz-Date=20260101") == "s3://b/k?X-Amz-Signature=***&X-Amz-Date=20260101"
    )


def test_known_forms_are_hidden_wherever_they_stand() -> None:
    text = "id AKIAIOSFODNN7EXAMPLE and hf_abcdefghijklmnopqrstuvwxyz0123456789 and ghp_abcdefghijklmnopqrst0123"
    assert redact(text) == "id *** and *** and ***"


def test_a_command_line_keeps_its_shape() -> None:
    command = ["loadbench", "sweep", "s3://k:s@host/m", "--hf-token", "abc", "--threads", "8", "--password=x y", "-x"]
    assert redact_command(command) == [
        "loadbench", "sweep", "s3://***@host/m", "--hf-token", "***", "--threads", "8", "--password=***", "-x",
    ]  # fmt: skip


def test_short_values_and_harmless_names_are_left_alone() -> None:
    environment = {
        "HF_TOKEN": "short",
        "TOKENIZERS_PARALLELISM": "false-false",
        "KEYBOARD": "qwertyuiop",
        "AWS_REGION": "eu-central-1",
        "SECRET_VALUE": "longer-secret",
    }
    assert secret_values(environment) == ["longer-secret"]


def test_the_longer_of_two_secrets_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "abcdefgh")
    monkeypatch.setenv("B_TOKEN", "abcdefghijkl")
    assert redact("x abcdefghijkl y") == "x *** y"
