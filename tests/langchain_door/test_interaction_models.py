"""Models by interaction, as seed 003 asks for them, and embeddings."""

import asyncio

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.messages import AIMessage
from langchain_world import QUESTION, World

import pointsman
from pointsman import (
    ChatPointsman,
    InteractionType,
    LLMConfigService,
    UnknownInteraction,
    async_session,
    create_llm,
    get_agent_llm,
    get_embeddings_model,
    get_llm_with_tools,
    get_planning_llm,
)
from pointsman.langchain.interactions import Session
from pointsman.library.engine import Engine
from pointsman.library.errors import RequestRefused


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Sun in {city}."


def test_the_five_types() -> None:
    assert [kind.value for kind in InteractionType] == ["reasoning", "tools", "subagents", "planning", "embeddings"]


def test_the_service_of_seed_003(engine: Engine) -> None:
    outcomes: list[tuple[str, str]] = []
    engine.add_listener(lambda outcome: outcomes.append((outcome.interaction, outcome.user)))

    async def use() -> None:
        async with async_session(engine) as session:
            service = LLMConfigService(session)
            llm = await service.get_llm_for_interaction(InteractionType.REASONING, user="ada")
            assert isinstance(llm, ChatPointsman) and (await llm.ainvoke(QUESTION)).text
            embeddings = await service.get_embeddings_model()
            assert len(await embeddings.aembed_query("trains")) > 1
            bound = await service.get_llm_with_tools(InteractionType.TOOLS, tools=[get_weather], user="ada")
            called = await bound.ainvoke("What is the weather in Lyon?")
            assert isinstance(called, AIMessage) and called.tool_calls

    asyncio.run(use())
    assert outcomes == [("reasoning", "ada"), ("embeddings", ""), ("tools", "ada")]


def test_the_functions_of_seed_003(engine: Engine) -> None:
    planning = asyncio.run(get_planning_llm(engine=engine))
    subagents = get_agent_llm(engine=engine)
    assert isinstance(subagents, ChatPointsman)
    names = [llm.model_name for llm in (create_llm(engine=engine), planning, subagents)]
    assert names == ["interaction:reasoning", "interaction:planning", "interaction:subagents"]
    called = get_agent_llm([get_weather], engine=engine).invoke("What is the weather in Lyon?")
    assert called.tool_calls and called.response_metadata["decision"] == "interaction"


def test_tools_for_an_agent_or_an_interaction(engine: Engine) -> None:
    for name in ("writer", "tools"):
        called = get_llm_with_tools(name, [get_weather], engine=engine).invoke("What is the weather in Lyon?")
        assert called.tool_calls[0]["name"] == "get_weather"
    with pytest.raises(pointsman.UnknownAgent, match=r"did you mean writer\?"):
        get_llm_with_tools("writre", [get_weather], engine=engine)


def test_what_is_not_there(engine: Engine, world: World) -> None:
    with pytest.raises(TypeError, match="call get_embeddings_model"):
        asyncio.run(LLMConfigService(Session(engine)).get_llm_for_interaction(InteractionType.EMBEDDINGS))
    with pytest.raises(TypeError, match=r"did you mean temperature\?"):
        create_llm(engine=engine, temprature=1)
    document = {name: value for name, value in world.document.items() if name != "interactions"}
    with Engine(document) as bare:
        with pytest.raises(UnknownInteraction, match='no interaction "reasoning"'):
            create_llm(engine=bare)
        with pytest.raises(UnknownInteraction, match="embeddings"):
            get_embeddings_model(engine=bare)


def test_embeddings_keep_their_order_over_several_requests(engine: Engine, world: World) -> None:
    embeddings = get_embeddings_model(engine=engine, chunk_size=2)
    assert isinstance(embeddings, Embeddings)
    texts = [f"text {number}" for number in range(5)]
    vectors = embeddings.embed_documents(texts)
    assert [len(vector) for vector in vectors] == [len(vectors[0])] * 5
    assert vectors[3] == embeddings.embed_query(texts[3]) and vectors[3] != vectors[2]
    assert asyncio.run(embeddings.aembed_documents(texts)) == vectors
    assert embeddings.embed_documents([]) == []
    assert len([call for call in world.simulation.list_calls() if call["path"] == "/v1/embeddings"]) == 7


def test_embeddings_of_a_model_with_fewer_dimensions(engine: Engine) -> None:
    assert len(get_embeddings_model("vectors", engine=engine, dimensions=8).embed_query("trains")) == 8
    with pytest.raises(RequestRefused, match="vektors"):
        get_embeddings_model("vektors", engine=engine).embed_query("trains")
