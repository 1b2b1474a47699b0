"""What LangChain promises of every chat model: tools, structured output, messages of all kinds, copies, caches, chains.

LangChain's own standard tests are a package of their own, which may not be here; these stand for them.
"""

import copy
import json
import pickle
import warnings
from importlib.util import find_spec
from typing import Any

import pytest
from langchain_core._api import LangChainBetaWarning
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.load import dumps, loads
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_world import KEYS, QUESTION, World
from pydantic import BaseModel

from pointsman.langchain import ChatPointsman
from pointsman.library.engine import Engine

ASKING_FOR_WEATHER = "What is the weather in Lyon?"


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Sun in {city}."


class Trip(BaseModel):
    """A trip."""

    city: str
    days: int


@pytest.fixture
def llm(engine: Engine) -> ChatPointsman:
    return ChatPointsman(agent="feature-dev", engine=engine)


def test_a_tool_is_called_and_its_answer_taken(llm: ChatPointsman) -> None:
    bound = llm.bind_tools([get_weather])
    asked = HumanMessage(ASKING_FOR_WEATHER)
    called = bound.invoke([SystemMessage("Be brief."), asked])
    assert isinstance(called, AIMessage)
    assert [call["name"] for call in called.tool_calls] == ["get_weather"]
    assert called.response_metadata["cost_usd"] and called.response_metadata["finish_reason"] == "tool_calls"
    results = [get_weather.invoke(call) for call in called.tool_calls]
    assert all(isinstance(result, ToolMessage) for result in results)
    assert bound.invoke([asked, called, *results]).text


def test_tool_calls_arrive_in_a_stream(llm: ChatPointsman) -> None:
    whole: Any = None
    for chunk in llm.bind_tools([get_weather], tool_choice="get_weather").stream(ASKING_FOR_WEATHER):
        whole = chunk if whole is None else whole + chunk
    assert isinstance(whole, AIMessageChunk)
    assert [call["name"] for call in whole.tool_calls] == ["get_weather"] and "city" in whole.tool_calls[0]["args"]
    assert whole.usage_metadata and whole.response_metadata["cost_nusd"]


@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
def test_structured_output(llm: ChatPointsman, method: Any, world: World) -> None:
    if method == "json_mode":
        world.simulation.behave(reply='{"city": "Lyon", "days": 2}')
    structured = llm.with_structured_output(Trip, method=method, include_raw=True)
    answer = structured.invoke("Plan a trip to Lyon; answer in JSON.")
    assert isinstance(answer, dict) and isinstance(answer["parsed"], Trip)
    assert answer["raw"].response_metadata["cost_usd"] and answer["raw"].response_metadata["model"] == "near-model"


# langchain-openai writes down a chunk of OpenAI's SDK whose `parsed` has another type than the SDK declares.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings:UserWarning:pydantic.main")
def test_structured_output_in_a_stream(llm: ChatPointsman) -> None:
    pieces = list(llm.with_structured_output(Trip).stream("Plan a trip to Lyon."))
    assert isinstance(pieces[-1], Trip)


def test_pictures_go_along(llm: ChatPointsman, world: World) -> None:
    picture = {
        "type": "image",
        "base64": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
        "mime_type": "image/png",
    }
    message = HumanMessage([{"type": "text", "text": "What is this?"}, picture])  # type: ignore[list-item]
    assert llm.invoke([message]).text
    assert "data:image/png;base64,iVBOR" in world.simulation.list_calls()[-1]["body"]


def test_a_chain(llm: ChatPointsman) -> None:
    chain = ChatPromptTemplate.from_messages([("system", "You know {topic}."), ("human", "{question}")]) | llm
    text = (chain | StrOutputParser()).invoke({"topic": "trains", "question": QUESTION})
    assert isinstance(text, str) and text


def test_several_answers(llm: ChatPointsman) -> None:
    result = llm.generate([[HumanMessage(QUESTION)]], n=2)
    assert len(result.generations[0]) == 2


def test_usage_is_added_up_by_langchain(llm: ChatPointsman) -> None:
    with get_usage_metadata_callback() as usage:
        messages = [llm.invoke(QUESTION), llm.invoke(QUESTION)]
    told = next(iter(usage.usage_metadata.values()))
    assert told["total_tokens"] == sum(message.usage_metadata["total_tokens"] for message in messages)  # type: ignore[index]


def test_messages_can_be_kept_as_json(llm: ChatPointsman) -> None:
    message = llm.invoke(QUESTION)
    assert json.loads(json.dumps(message.response_metadata)) == message.response_metadata
    assert read_back(dumps(message), allowed_objects="core") == message


def read_back(text: str, **options: Any) -> Any:
    """What LangChain has written down; it calls its own reading beta."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LangChainBetaWarning)
        return loads(text, **options)


def test_langchains_own_cache(llm: ChatPointsman, engine: Engine) -> None:
    llm.cache = InMemoryCache()
    first, second = llm.invoke(QUESTION), llm.invoke(QUESTION)
    assert first.text == second.text and engine.usage()["totals"]["total_calls"] == 1
    other = ChatPointsman(agent="feature-dev", user="ada", cache=llm.cache, engine=engine)
    other.invoke(QUESTION)
    assert engine.usage()["totals"]["total_calls"] == 2


def test_copies_answer(llm: ChatPointsman) -> None:
    for twin in (copy.copy(llm), copy.deepcopy(llm), llm.model_copy(update={"temperature": 0.1})):
        assert isinstance(twin, ChatPointsman) and twin.engine is llm.engine and twin.agent == "feature-dev"
        assert twin.invoke(QUESTION).text
    assert copy.deepcopy(llm).root_client is not llm.root_client


def test_pickled_it_takes_the_engine_of_its_process(llm: ChatPointsman) -> None:
    with pytest.raises(TypeError, match="leave `engine` out"):
        pickle.dumps(llm)
    twin = pickle.loads(pickle.dumps(ChatPointsman(agent="writer", temperature=0.5, user="ada")))  # noqa: S301
    assert (twin.agent, twin.model_name, twin.temperature, twin.user) == ("writer", "agent:writer", 0.5, "ada")
    assert twin.root_client is not None and twin.engine is None


def test_it_is_written_down_without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    llm = ChatPointsman(agent="writer", temperature=0.5, privacy="high")
    text = dumps(llm)
    twin = read_back(text, valid_namespaces=["pointsman"], allowed_objects=[ChatPointsman])
    assert json.loads(text)["id"] == ["pointsman", "langchain", "ChatPointsman"]
    assert "test" not in text and "http://" not in text
    assert (twin.agent, twin.temperature, twin.privacy) == ("writer", 0.5, "high")
    assert llm._llm_type == "pointsman"


def test_tokens_are_estimated_without_a_download(llm: ChatPointsman) -> None:
    assert 3 <= llm.get_num_tokens("How are you today?") <= 8
    few = llm.get_num_tokens_from_messages([HumanMessage(QUESTION)])
    assert few < llm.get_num_tokens_from_messages([HumanMessage(QUESTION)], tools=[get_weather_schema()])


def get_weather_schema() -> dict[str, Any]:
    return {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}


@pytest.mark.skipif(find_spec("langgraph") is None, reason="LangGraph is not installed: its agent was NOT tried")
def test_an_agent_of_langgraph(llm: ChatPointsman) -> None:
    from langgraph.prebuilt import create_react_agent  # type: ignore[import-not-found]

    answer = create_react_agent(llm, [get_weather]).invoke({"messages": [("user", ASKING_FOR_WEATHER)]})
    assert [message.type for message in answer["messages"]] == ["human", "ai", "tool", "ai"]


def test_the_responses_api_where_it_is_asked_for(engine: Engine, world: World) -> None:
    llm = ChatPointsman(agent="feature-dev", use_responses_api=True, engine=engine)
    message = llm.invoke(QUESTION)
    assert message.text and message.response_metadata["cost_usd"]
    assert "".join(chunk.text for chunk in llm.stream(QUESTION))
